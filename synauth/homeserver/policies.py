"""
The rules that users agree to, as pages.
"""

import os
from typing import Any, Dict, Optional

import jinja2

from synauth.errors import ConfigError
from synauth.homeserver.config.consent import UserConsent
from synauth.homeserver.templates import OURS

# The only language, until clients ask for others.
_LANGUAGE = "en"


def policy_url(public_baseurl: Optional[str], version: str) -> str:
    """
    @param public_baseurl: ends with a slash, or C{None}.
    @return: where anybody can read a version of the rules.
    """
    return "%s_matrix/consent?v=%s" % (public_baseurl or "/", version)


class Policies:
    """
    All versions of the rules, read when this is made.  They are laid out as
    Synapse's are, and may extend our own C{base.html}.

    @param consent: where they are, or C{None} if there are none.
    @param always: what each of them can use.
    @raise ConfigError: if one can't be read, or that in force is not there.
    """

    def __init__(self, consent: Optional[UserConsent], **always: Any) -> None:
        self._consent = consent
        self._versions: Dict[str, jinja2.Template] = {}
        if consent is None:
            return
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([consent.template_dir, OURS]),
            autoescape=lambda name: name is not None and name.endswith(".html"),
            auto_reload=False,
            cache_size=-1,
        )
        environment.globals.update(always)
        folder = os.path.join(consent.template_dir, _LANGUAGE)
        path = folder
        try:
            for name in sorted(os.listdir(folder)):
                version, extension = os.path.splitext(name)
                if extension == ".html":
                    path = os.path.join(folder, name)
                    template = environment.get_template("%s/%s" % (_LANGUAGE, name))
                    self._versions[version] = template
        except jinja2.TemplateError as error:
            raise ConfigError("user_consent.template_dir: %s: %s" % (path, error))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                "user_consent.template_dir: %s can't be read: %s"
                % (path, getattr(error, "strerror", None) or error)
            )
        if consent.version not in self._versions:
            raise ConfigError(
                "user_consent.version: there is no %s.html in %s"
                % (consent.version, folder)
            )

    def render(self, version: Optional[str], **values: Any) -> Optional[str]:
        """
        @param version: which, or C{None} for that in force.
        @param values: what the page can use besides C{always}.
        @return: the page, or C{None} if there is no such version.
        """
        if version is None and self._consent is not None:
            version = self._consent.version
        template = self._versions.get(version or "")
        if template is None:
            return None
        # What Synapse tells a page that anybody may see.
        return template.render(
            version=version,
            public_version=True,
            has_consented=False,
            user="",
            userhmac="",
            **values,
        )
