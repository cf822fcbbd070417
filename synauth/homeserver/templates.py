"""
Templates of mails and pages.

Their names are Synapse's, so that an operator's own directory of templates
(C{templates.custom_template_directory}) serves here too: what is in it goes
before ours.
"""

import os.path
import re
from typing import Any, Callable, Optional, Tuple

import jinja2

from synauth.errors import ConfigError

OURS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "templates")

# A script or a style that bears no nonce.
_BARE = re.compile(r"<(script|style)(?=[\s>])(?![^>]*\bnonce\b)", re.IGNORECASE)
_WITH_NONCE = r'<\1{% if nonce is defined %} nonce="{{ nonce }}"{% endif %}'


class _Loader(jinja2.FileSystemLoader):
    """
    Gives the scripts and styles that stand in a template the nonce of the page.
    Those of an operator's, written for a server whose pages have no policy, are
    obeyed so; what comes with a value is not.
    """

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> Tuple[str, str, Callable[[], bool]]:
        source, path, is_new = super().get_source(environment, template)
        if template.endswith(".html"):
            source = _BARE.sub(_WITH_NONCE, source)
        return source, path, is_new


class Templates:
    """
    All templates, read when this is made: nothing reads a file while a request
    waits.

    @param custom_directory: the operator's, or C{None}.
    @param always: what every template can use.
    @raise ConfigError: if one can't be read, or is no template, or the operator's
        directory is none.
    """

    def __init__(self, custom_directory: Optional[str] = None, **always: Any) -> None:
        if custom_directory is not None and not os.path.isdir(custom_directory):
            raise ConfigError(
                "templates.custom_template_directory: %s is not a directory"
                % (custom_directory,)
            )
        directories = [OURS] if custom_directory is None else [custom_directory, OURS]
        self._environment = jinja2.Environment(
            loader=_Loader(directories),
            # What is text in a text mail is markup on a page.
            autoescape=lambda name: name is not None and name.endswith(".html"),
            auto_reload=False,
            cache_size=-1,
        )
        self._environment.globals.update(always)
        for name in sorted(os.listdir(OURS)):
            self._load(name, custom_directory or OURS)

    def _load(self, name: str, directory: str) -> None:
        try:
            self._environment.get_template(name)
        except jinja2.TemplateError as error:
            raise ConfigError("the template %s in %s: %s" % (name, directory, error))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                "the template %s in %s can't be read: %s" % (name, directory, error)
            )

    def render(self, name: str, **values: Any) -> str:
        """
        @param name: the file.
        @param values: what it can use besides C{always}.
        @return: the text; in C{.html} every value is escaped.
        """
        return self._environment.get_template(name).render(**values)
