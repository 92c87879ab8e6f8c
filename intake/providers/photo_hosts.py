"""Each provider's photos: its API as configured, with its credentials (`intake/photos/hosts.py`)."""

from intake.photos.hosts import PhotoHost
from intake.settings import IntakeSettings


def photo_hosts(settings: IntakeSettings) -> dict[str, PhotoHost]:
    """The hosts of every provider that is set up to send, by name: its account fetches, too."""
    plivo = settings.plivo_auth_token.get_secret_value()
    user, _, password = settings.bandwidth_api_login.get_secret_value().partition(":")
    twilio = settings.twilio_auth_token.get_secret_value()
    found = [PhotoHost("telnyx", settings.telnyx_api_url)]  # its media need no credentials
    if settings.twilio_account_sid and twilio:
        found.append(PhotoHost("twilio", settings.twilio_api_url, (settings.twilio_account_sid, twilio)))
    if settings.plivo_auth_id and plivo:
        found.append(PhotoHost("plivo", settings.plivo_api_url, (settings.plivo_auth_id, plivo)))
    if user and password:
        found.append(PhotoHost("bandwidth", settings.bandwidth_api_url, (user, password)))
    return {host.provider: host for host in found}
