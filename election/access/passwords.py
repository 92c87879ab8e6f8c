"""Which passwords an account may be given. Pure. Any characters will do that few would guess.

What anybody would try here first (the login, this product's words, what guessers' lists begin with) counts as
nothing: what is left of the password must be long enough by itself.
"""

MINIMUM = 15  # characters: what NIST SP 800-63B asks of a password that stands alone
MOST = 200  # characters; all of them count
LEFT = 10  # characters that are no word of these lists
DIFFERENT = 5  # characters; fewer are a pattern
SHORT_LOGIN = 3  # one as short stands in words by chance

OURS = ("beluga", "election", "turnout", "warroom", "war room", "hotline", "watcher", "caller", "captain",
        "volunteer", "precinct", "county", "campaign", "democracy", "november", "admin", "staff")  # fmt: skip
EVERYBODYS = (
    "password", "passwort", "passw0rd", "p@ssw0rd", "contraseña", "qwertyuiop", "qwerty", "azerty",
    "asdfghjkl", "asdfgh", "zxcvbnm", "1q2w3e4r5t6y", "1q2w3e4r5t", "1q2w3e4r", "q1w2e3r4t5y6", "q1w2e3r4",
    "1qaz2wsx3edc", "1qaz2wsx", "qazwsxedc", "1234567890", "123456789", "12345678", "1234567", "123456",
    "12345", "1234", "0987654321", "987654321", "87654321", "654321", "54321", "letmein", "welcome",
    "iloveyou", "changeme", "default", "secret", "abc123", "abcdef", "dragon", "monkey", "sunshine",
    "princess", "football", "baseball", "master", "trustno1",
)  # fmt: skip


def weakness(password: str, login: str) -> str:
    """What is wrong with a password for this login, as a sentence's end; "" where nothing is."""
    if len(password) < MINIMUM:
        return f"needs at least {MINIMUM} characters"
    if len(password) > MOST:
        return f"has at most {MOST} characters"
    if len(set(password.casefold())) < DIFFERENT:
        return f"needs at least {DIFFERENT} different characters"
    own = (login.casefold(),) if len(login) > SHORT_LOGIN else ()
    words = sorted((*own, *OURS, *EVERYBODYS), key=len, reverse=True)
    left = password.casefold()
    for word in words:
        left = left.replace(word, "\0")  # so that what stood around it does not become a word
    if len(left.replace("\0", "")) < LEFT:
        return "is what anybody would try first: leave out the login and words such as election or password"
    return ""
