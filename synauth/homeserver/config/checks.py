"""
What options have to do with each other.
"""

from typing import Any, Mapping, Sequence

from synauth.homeserver.config.consent import check_consent
from synauth.homeserver.config.database import check_database
from synauth.homeserver.config.mail import check_mail
from synauth.homeserver.config.registration import check_registration
from synauth.homeserver.config.table import Reading
from synauth.homeserver.config.yamlfile import Node


def check(
    values: Mapping[str, Any], root: Node, listen: Sequence[str], reading: Reading
) -> None:
    """
    Complain about options that do not go together.

    @param values: all values; C{None} also for what was complained about.
    @param root: the whole configuration.
    @param listen: the endpoint descriptions of the command line.
    """
    check_database(values, root, reading)
    check_consent(values, root, reading)
    check_mail(values, root, reading)
    _check_captcha(values, root, reading)
    check_registration(values, root, reading)
    listeners = values["listeners"]
    nobody = listeners is not None and not any(one.clients for one in listeners)
    if nobody and not listen:
        place = root.value["listeners"].place
        reading.refuse(
            place, "listeners", "found none of type http, expected at least one"
        )
    shown = any(one.metrics for one in listeners or ())
    if shown and not values["enable_metrics"]:
        place = root.value["listeners"].place
        reading.warn(place, "listeners", "no metrics there without enable_metrics")
    # The section is ours alone, so nobody else can have meant its keys.
    for unused in reading.unused:
        if unused.key.startswith("synauth."):
            meant = unused.suggestion
            hint = "; did you mean %s?" % (meant,) if meant is not None else ""
            reading.refuse(unused.place, unused.key, "no such option" + hint)


def _check_captcha(values: Mapping[str, Any], root: Node, reading: Reading) -> None:
    if not values["enable_registration_captcha"]:
        return
    for key in ("recaptcha_public_key", "recaptcha_private_key"):
        if values[key] is None and key not in reading.wrong:
            reading.refuse(
                root.value["enable_registration_captcha"].place,
                "enable_registration_captcha",
                "found true without %s, expected both" % (key,),
            )
