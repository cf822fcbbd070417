"""
The ways to register, as Synapse composes them of its configuration.
"""

from typing import List

from synauth.constants import LoginType
from synauth.homeserver.config.settings import HomeServerConfig
from synauth.threepids import EMAIL, MSISDN


def registration_flows(config: HomeServerConfig) -> List[List[str]]:
    """
    @return: the flows: first what every one of them has (a registration token,
        a captcha, the rules), then an address of each kind that is required, or
        that can be proved, or nothing.
    """
    trusted = bool(config.trusted_third_party_id_servers)
    required = config.registrations_require_3pid
    with_email = config.email is not None or trusted
    with_msisdn = config.msisdn_delegate is not None or trusted
    with_msisdn = with_msisdn and not config.disable_msisdn_registration
    flows: List[List[str]] = []
    if not required:
        flows.append([LoginType.DUMMY])
    if with_email and MSISDN not in required:
        flows.append([LoginType.EMAIL_IDENTITY])
    if with_msisdn and EMAIL not in required:
        flows.append([LoginType.MSISDN])
    if with_email and with_msisdn:
        flows.append([LoginType.MSISDN, LoginType.EMAIL_IDENTITY])
    first: List[str] = []
    if config.registration_requires_token:
        first.append(LoginType.REGISTRATION_TOKEN)
    if config.enable_registration_captcha:
        first.append(LoginType.RECAPTCHA)
    consent = config.user_consent
    if consent is not None and consent.require_at_registration:
        first.append(LoginType.TERMS)
    return [first + flow for flow in flows]
