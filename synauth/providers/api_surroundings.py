"""
What a module can use of the process that it runs in.
"""

from typing import Any, Callable, Iterable, List, Optional

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import LoopingCall, deferLater
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from synauth.awaiting import awaiting
from synauth.errors import ConfigError
from synauth.interfaces import IModuleHost

_log = Logger()


class SurroundingsMembers:
    """
    The members of L{synauth.interfaces.IFullModuleApi} about anything but
    users.
    """

    _host: IModuleHost
    _module: str

    def run_db_interaction(
        self, desc: str, func: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> "Deferred[Any]":
        """
        See L{synauth.interfaces.IModuleApi.run_db_interaction}.
        """
        return self._host.store.run_interaction(func, *args, **kwargs)

    def register_web_resource(self, path: str, resource: Any) -> None:
        """
        See L{synauth.interfaces.IFullModuleApi.register_web_resource}.
        """
        self._host.register_web_resource(path, resource)

    def run_as_background_process(
        self, desc: str, func: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> "Deferred[Any]":
        """
        Call a function of the module's for which nobody waits.

        @param desc: what it is for.
        @return: fires with the result, with C{None} if it failed, which is
            logged.
        """
        return in_background(self._module, desc, func, *args, **kwargs)

    def looping_background_call(
        self,
        f: Callable[..., Any],
        msec: float,
        *args: Any,
        desc: Optional[str] = None,
        run_on_all_instances: bool = False,
        **kwargs: Any,
    ) -> None:
        """
        See L{synauth.interfaces.IFullModuleApi.looping_background_call}.
        """
        what = desc or getattr(f, "__name__", "a looping call")
        call = LoopingCall(in_background, self._module, what, f, *args, **kwargs)
        call.clock = self._host.reactor
        call.start(msec / 1000.0, now=False)

    def sleep(self, seconds: float) -> "Deferred[None]":
        """
        See L{synauth.interfaces.IFullModuleApi.sleep}.
        """
        return deferLater(self._host.reactor, seconds, lambda: None)

    def defer_to_thread(
        self, f: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> "Deferred[Any]":
        """
        See L{synauth.interfaces.IFullModuleApi.defer_to_thread}.
        """
        reactor = self._host.reactor
        return deferToThreadPool(reactor, reactor.getThreadPool(), f, *args, **kwargs)

    def send_mail(
        self, recipient: str, subject: str, html: str, text: str
    ) -> "Deferred[None]":
        """
        See L{synauth.interfaces.IFullModuleApi.send_mail}.
        """
        if self._host.mailer is None:
            return fail(
                ConfigError(
                    "%s wants to send mail, and mail is not set up" % self._module
                )
            )
        return self._host.mailer.send_email(recipient, subject, html, text)

    def read_templates(
        self,
        filenames: Iterable[str],
        custom_template_directory: Optional[str] = None,
    ) -> List[Any]:
        """
        See L{synauth.interfaces.IFullModuleApi.read_templates}.  Reads files,
        so it is for a constructor.

        @raise ConfigError: if one can't be read.
        """
        # Few modules have templates.
        import jinja2

        directories = [custom_template_directory] if custom_template_directory else []
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(directories),
            autoescape=jinja2.select_autoescape(),
        )
        templates = []
        for name in filenames:
            try:
                templates.append(environment.get_template(name))
            except jinja2.TemplateError as error:
                raise ConfigError(
                    "%s: the template %s can't be read from %s: %s"
                    % (self._module, name, custom_template_directory, error)
                )
        return templates


def in_background(
    module: str, desc: str, func: Callable[..., Any], *args: Any, **kwargs: Any
) -> "Deferred[Any]":
    """
    Call a function for which nobody waits.

    @param module: whose it is.
    @param desc: what it is for.
    @return: fires with the result; with C{None} if it failed, which is logged.
    """

    def failed(failure: Any) -> None:
        _log.failure(
            "{desc} of {module} failed", failure=failure, desc=desc, module=module
        )

    return awaiting(func, *args, **kwargs).addErrback(failed)
