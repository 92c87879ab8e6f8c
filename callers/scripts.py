"""What a caller says, and the words on their page, by language; escaping is the page's."""

from datetime import datetime
from zoneinfo import ZoneInfo

_SCRIPTS = {
    "en": (
        "Hello, may I speak with {name}?",
        "I am {caller}, a volunteer. Today is election day.",
        "Have you been able to vote yet?",
        "You can vote at {place} until {closes}. What time will you go?",
    ),
    "es": (
        "Hola, ¿puedo hablar con {name}?",
        "Soy {caller}, voluntario. Hoy es día de elecciones.",
        "¿Ya pudo votar?",
        "Puede votar en {place} hasta las {closes}. ¿A qué hora irá?",
    ),
}

WORDS = {
    "en": {
        "title": "Calls", "hello": "Hello, {name}.", "ready": "One voter at a time. Ready?", "start": "Start",
        "call": "Call", "vote_at": "Votes at {place} until {closes}", "speaks": "Speaks {language}",
        "will_vote": "Will vote", "already_voted": "Already voted", "no_answer": "No answer",
        "call_back": "Call back", "wrong_number": "Wrong number", "do_not_call": "Do not call",
        "refused": "Refused", "moved": "Moved", "other_language": "Other language",
        "undo": "Undo", "next": "Next voter", "pause": "Stop for now", "recorded": "Saved: {outcome}",
        "missing": "{place}: {before} missing → {now} since you started",
        "missing_unknown": "{place}: {before} missing when it began (no fresh figures)",
        "again": "Look again", "saved_here": "Saved on this phone, will send by itself.",
        "do_not_dial": "Do not call.", "no_connection": "No connection; trying again.",
        "bad_link": "This link does not work. Ask your organiser for a new one.",
    },
    "es": {
        "title": "Llamadas", "hello": "Hola, {name}.", "ready": "Un votante a la vez. ¿Listo?",
        "start": "Empezar", "call": "Llamar", "vote_at": "Vota en {place} hasta las {closes}",
        "speaks": "Habla {language}",
        "will_vote": "Votará", "already_voted": "Ya votó", "no_answer": "No contesta",
        "call_back": "Llamar luego", "wrong_number": "Número errado", "do_not_call": "No llamar",
        "refused": "Rechazó", "moved": "Se mudó", "other_language": "Otro idioma",
        "undo": "Deshacer", "next": "Siguiente", "pause": "Parar",
        "recorded": "Guardado: {outcome}",
        "missing": "{place}: faltaban {before} → {now} desde que empezó",
        "missing_unknown": "{place}: faltaban {before} al empezar (sin datos recientes)",
        "again": "Mirar otra vez", "saved_here": "Guardado en este teléfono; se enviará solo.",
        "do_not_dial": "No llame.", "no_connection": "Sin conexión; intentando otra vez.",
        "bad_link": "Este enlace no sirve. Pida uno nuevo a su organizador.",
    },
}  # fmt: skip

_REASONS = {
    "en": {
        "no_dispatch": "No precinct needs calls right now. Have a glass of water.",
        "hours": "It is outside calling hours for everybody on the list.",
        "resting": "Everybody has been called for now. The next one is due at {until}.",
        "language": "Nobody left here speaks a language you speak.",
        "empty": "Everybody on the list has been reached. Thank you!",
        "unreachable_database": "We cannot reach our records. Nothing is lost; trying again.",
        "too_fast": "That was quick! Please wait a moment.",
        "expired": "This voter went back to the list, because nothing happened for a while.",
        "voted": "They have just voted. Do not call.",
        "do_not_call": "They asked not to be called. Do not call.",
        "finished": "They have been reached already. Do not call.",
        "no_phone": "We have no number for them.",
        "closed": "The polls there have closed. Do not call.",
        "stopped": "Calls to this precinct have stopped. Do not call.",
        "ended": "This voter is no longer yours. Do not call.",
    },
    "es": {
        "no_dispatch": "Ningún precinto necesita llamadas ahora. Tome un vaso de agua.",
        "hours": "No es hora de llamar a nadie de la lista.",
        "resting": "Ya se llamó a todos por ahora. El próximo toca a las {until}.",
        "language": "Nadie de los que quedan habla un idioma suyo.",
        "empty": "Ya se habló con todos los de la lista. ¡Gracias!",
        "unreachable_database": "No alcanzamos los registros. Nada se pierde; intentando otra vez.",
        "too_fast": "¡Qué rápido! Espere un momento, por favor.",
        "expired": "Este votante volvió a la lista, porque no pasó nada por un rato.",
        "voted": "Acaba de votar. No llame.",
        "do_not_call": "Pidió que no le llamen. No llame.",
        "finished": "Ya se habló con esta persona. No llame.",
        "no_phone": "No tenemos su número.",
        "closed": "Las urnas allí ya cerraron. No llame.",
        "stopped": "Las llamadas a este precinto pararon. No llame.",
        "ended": "Este votante ya no es suyo. No llame.",
    },
}


def known(language: str) -> str:
    """The language we have words in that is nearest to this one."""
    return language if language in WORDS else "en"


def local(at: datetime, zone: str) -> str:
    """A time of day as people there say it, e.g. 20:00."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def script(language: str, name: str, caller: str, place: str, closes: str) -> list[str]:
    """Four short lines with the fields filled in; plain text, not escaped."""
    fields = {"name": name, "caller": caller, "place": place, "closes": closes}
    return [line.format_map(fields) for line in _SCRIPTS[known(language)]]


def reason(language: str, key: str, until: str = "") -> str:
    """Why there is no voter, or why not to call this one."""
    sentences = _REASONS[known(language)]
    return sentences.get(key, sentences["ended"]).format(until=until)
