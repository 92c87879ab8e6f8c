"""Headings in other languages, in English words: `Wahlberechtigte insgesamt` is `registered voters total`.

A heading is read only where every word of it is known, so that a name that holds such a word stays a name.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import permutations

from election.folder.headings import folded

# English, then what it is called elsewhere: without accents, in small letters, parted by commas.
_CALLED = {
    "precinct": (
        "wahlbezirk, stimmbezirk, wahlsprengel, urnenwahlbezirk, bezirk, bureau de vote, bureau, b vote, "
        "bvote, bv, bdv, sezione, sezione elettorale, seggio, seccion, seccion electoral, seccional, "
        "mesa, mesa electoral, casilla, precinto, recinto, circuito, sectie, sectie de votare, sectia, "
        "sectia de votare, sv, secao, secao eleitoral, seccao, stembureau, stemdistrict, obwod, obwodu, "
        "obwod glosowania, obwodu glosowania, komisja, komisji, valdistrikt, afstemningssted, "
        "aanestysalue, volebni okrsek, okrsek, okrsku, szavazokor, biracko mjesto, volisce, eklogiko "
        "tmima"
    ),
    "precinct name": (
        "wahlbezirksname, wahlbezirksbezeichnung, bezeichnung, gebietsname, gebiet name, bezirksname, "
        "libelle du bureau de vote, libelle du bureau, nom du bureau, nom du bureau de vote, denumire "
        "sectie, denumire sectie de votare, denumirea sectiei, nume sectie, denominazione, denominazione "
        "sezione, nombre de la mesa, nombre de la seccion, nombre del precinto, nombre precinto, nazwa "
        "obwodu"
    ),
    "precinct number": (
        "wahlbezirksnummer, wahlbezirksnr, wahlbezirk nr, bezirksnummer, gebiet nr, gebietsnummer, code "
        "bv, code du b vote, code bureau, code du bureau, numero sezione, num sezione, codice sezione"
    ),
    "registered voters": (
        "wahlberechtigte, wahlberechtigten, stimmberechtigte, wahlberechtigte personen, inscrits, "
        "electeurs inscrits, electeurs, nombre d inscrits, elettori, elettori iscritti, iscritti, aventi "
        "diritto, electores, electores inscritos, censo, censo electoral, padron, padron electoral, lista "
        "nominal, inscritos, votantes registrados, votantes inscritos, votantes habilitados, habilitados, "
        "empadronados, electores habilitados, electores registrados, registrados, alegatori inscrisi, "
        "alegatori, inscrisi, inscrisi pe liste permanente, inscrisi pe listele permanente, inscrisi pe "
        "lista permanenta, alegatori inscrisi in lista, alegatori inscrisi in liste, inscrisi in liste, "
        "inscrisi in lista, inscrisi in listele permanente, alegatori inscrisi pe liste permanente, "
        "alegatori pe lista permanenta, alegatori inscrisi in listele electorale permanente, eleitores, "
        "eleitores aptos, aptos, inscritos total, kiesgerechtigden, aantal kiesgerechtigden, uprawnieni, "
        "uprawnionych, wyborcy, wyborcow uprawnionych, liczba wyborcow, uprawnieni do glosowania, "
        "wyborcow uprawnionych do glosowania, uprawnionych do glosowania, "
        "liczba wyborcow uprawnionych do glosowania, liczba wyborcow uprawnionych, rostberattigade, "
        "stemmeberettigede, opravneni volici, volici, valasztopolgarok"
    ),
    "ballots cast": (
        "wahler, waehler, wahlende, wahler innen, wahlerinnen und wahler, abgegebene stimmen, abgegebene "
        "stimmzettel, stimmzettel, votants, nombre de votants, ont vote, suffrages, votanti, voti "
        "espressi, hanno votato, affluenza, votantes, votaron, votos emitidos, votos totales, total "
        "votos, votos, han votado, personas que votaron, participantes, sufragantes, sufragios, prezenta, "
        "prezenta la vot, prezenta la urne, au votat, votat, alegatori prezenti, alegatori prezenti la "
        "urne, participanti, voturi, numar votanti, comparecimento, votaram, uitgebrachte stemmen, "
        "opgekomen kiezers, wydane karty, "
        "wydano karty, liczba wyborcow ktorym wydano karty do glosowania, liczba kart wydanych, "
        "karty wydane, ktorym wydano karty do glosowania, wyborcow ktorym wydano karty do glosowania, "
        "liczba wydanych kart, liczba kart waznych, oddane glosy, avgivna roster, afgivne stemmer"
    ),
    "in person": (
        "urnenwahl, urnenwahler, wahler ohne wahlschein, ohne wahlschein, presencial, en persona, a l urne"
    ),
    "mail ballots": (
        "briefwahl, briefwahler, briefwahlerinnen, briefwahlstimmen, wahler mit wahlschein, mit "
        "wahlschein, wahlbriefe, vote par correspondance, par correspondance, correspondance, voto por "
        "correo, por correo, votos por correo, correo, per corrispondenza, prin corespondenta, "
        "corespondenta, por correspondencia"
    ),
    "early votes": (
        "voto anticipado, votos anticipados, anticipado, vote anticipe, voto anticipato, vot anticipat"
    ),
    "returned": (
        "eingegangen, eingegangene, zuruckgesandt, recus, recues, ricevute, recibidos, recibidas, "
        "devueltos, primite"
    ),
    "issued": (
        "ausgestellt, ausgestellte, enviados, enviadas, envoyes, inviate, trimise, solicitados, beantragt"
    ),
    "invalid": "ungultig, ungultige, nuls, nulles, nulle, nulo, nulos, nule, nulas, invalidos",
    "valid": (
        "gultig, gultige, exprimes, valide, validi, validos, valid, valabil, valabile, valabil exprimate, "
        "exprimate"
    ),
    "blank": "blancs, bianche, blanco, en blanco, blancos, albe, branco, brancos",
    "votes": (
        "stimmen, voix, voti, voto, vot, glosy, stemmen, bulletins, boletas, papeletas, schede, buletine"
    ),
    "abstentions": (
        "abstention, abstencion, abstenciones, astenuti, nichtwahler, abstencao, abstencoes, absenti"
    ),
    "turnout percent": (
        "wahlbeteiligung, taux de participation, participation, participacion, opkomst, frekwencja"
    ),
    "county": (
        "landkreis, kreis, departement, libelle du departement, provincia, provinz, judet, judetul, "
        "condado, powiat"
    ),
    "municipality": (
        "gemeinde, stadt, commune, libelle de la commune, comune, municipio, localitate, localitatea, "
        "uat, comuna, gemeente, gmina, ort, ortschaft, ville, ciudad, citta, oras"
    ),
    "district": (
        "wahlkreis, circonscription, circoscrizione, distrito, circunscripcion, circumscriptie, canton"
    ),
    "ward": "stadtteil, ortsteil, stadtbezirk, quartier, quartiere, barrio, cartier",
    "polling place": (
        "wahllokal, wahlraum, lieu de vote, luogo, ubicazione, plesso, colegio electoral, colegio, local "
        "electoral, centro de votacion, lugar de votacion, lugar, local de votacao, sediu, sediul, sediul "
        "sectiei, locatie, stemlokaal"
    ),
    "address": "adresse, anschrift, strasse, indirizzo, direccion, domicilio, adresa, adres, endereco, rue",
    "zip": "plz, postleitzahl, code postal, cap, codigo postal, cod postal",
    "name": (
        "name, nombre, nome, nume, nombre completo, nombre y apellido, nome e cognome, nume si prenume, "
        "nom et prenom, naam"
    ),
    "last name": (
        "nom, nachname, familienname, cognome, apellido, apellidos, nume de familie, achternaam, nom de "
        "famille"
    ),
    "first name": "vorname, prenom, prenume, voornaam, rufname",
    "phone": (
        "phone, telefon, telefonnummer, handy, handynummer, mobil, mobiltelefon, portable, telefono, "
        "cellulare, celular, movil, telefono movil, telefono celular, numero de telefono, numar de "
        "telefon, telefone, telefoon, gsm, mobile"
    ),
    "language": "sprache, langue, lingua, idioma, limba, taal, lengua",
    "birth date": "geburtsdatum, date de naissance, data di nascita, fecha de nacimiento, data nasterii",
    "birth year": "geburtsjahr, annee de naissance, anno di nascita, ano de nacimiento, anul nasterii",
    "date": "datum, data, fecha, giorno, dia, jour, ziua",
    "election": "wahl, scrutin, elezione, eleccion, elecciones, alegere, alegeri, election, tour, eleicao",
    "election date": (
        "wahltag, wahldatum, date du scrutin, date de l election, data elezione, data delle elezioni, "
        "fecha de la eleccion, fecha eleccion, data alegerilor, data wyborow"
    ),
    "candidate": "kandidat, candidat, candidato",
    "watcher": (
        "wahlbeobachter, beobachter, observateur, osservatore, observador, observator, rappresentante di "
        "lista"
    ),
    "email": "e mail, courriel, correo electronico, posta elettronica, posta electronica",
    "latitude": "breitengrad, latitudine, latitud, latitude",
    "longitude": "langengrad, longitudine, longitud, longitude",
    "total": (
        "total general, totale generale, insgesamt, gesamt, gesamtzahl, zusammen, totale, totali, "
        "totales, totaux, totala, suma, razem, total, totaal"
    ),
    "number": (
        "nummer, id, nr, n, no, numero, num, numar, numarul, anzahl, zahl, nombre de, liczba, aantal, "
        "cod, code, codice, codigo"
    ),
    "men": "maschi, hommes, hombres, manner, barbati, mannlich",
    "women": "femmine, femmes, mujeres, frauen, femei, weiblich",
    "": (
        "der, die, das, des, den, de, du, la, le, les, l, d, di, da, do, del, della, delle, dei, de la, "
        "van, von, el, los, las, per, zum, in, im, davon"
    ),
}
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})
_LONGEST = 9  # words of one heading
_LETTER = re.compile(r"\([A-Z]\d?\)")  # a form's own, as in `Wähler (B)`
# What the open data of German counties call by the letters of the form alone.
_OF_THE_FORM = {"A": "Wahlberechtigte (A)", "B": "Wähler (B)", "C": "Ungültige (C)", "D": "Gültige (D)"}


def _plain(text: str) -> tuple[str, ...]:
    """Words without accents and marks."""
    bare = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    letters = "".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    return tuple(letters.split())


_PHRASES: dict[tuple[str, ...], str] = {
    _plain(phrase): english for english, phrases in _CALLED.items() for phrase in phrases.split(",")
}
_WIDEST = max(map(len, _PHRASES))


def written_out(headings: Sequence[str]) -> tuple[str, ...]:
    """Headings, where those of a German form are given by its letters: A may vote, B did."""
    keys = {folded(h) for h in headings}
    if "gebietnr" not in keys or not {"a", "b"} <= keys:
        return tuple(headings)
    return tuple(_OF_THE_FORM.get(h, h) for h in headings)


def in_english(heading: str) -> Iterator[str]:
    """Folded, the likeliest first; nothing where a word of it is of no language that we know."""
    words = _plain(_LETTER.sub(" ", heading))
    if not words or len(words) > _LONGEST:
        return
    told: list[str] = []
    place = 0
    while place < len(words):
        for width in range(min(_WIDEST, len(words) - place), 0, -1):
            if (english := _PHRASES.get(words[place : place + width])) is not None:
                told += [english] if english else []
                place += width
                break
        else:
            return
    told = list(dict.fromkeys(told))
    if not told or len(told) > 4:
        return
    for kept in (told, [t for t in told if t not in ("number", "total")], [t for t in told if t != "total"]):
        for order in permutations(kept) if len(kept) > 1 else [tuple(kept)]:
            yield folded("".join(order))
