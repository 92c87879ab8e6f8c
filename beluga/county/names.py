"""Words for a made-up county: towns, polling places, people. All invented; any likeness is chance."""

TOWNS = (
    "Beluga City", "North Haven", "Millbrook", "Cedar Hollow", "Larkspur", "Stonebridge", "Tamarack",
    "Fairwater",
)  # fmt: skip

STATESPEOPLE = (
    "Lincoln", "Douglass", "Truth", "Tubman", "Franklin", "Whitman", "Bethune", "Chavez", "Curie", "Banneker",
    "Carver", "Mott", "Stanton", "Sequoyah", "Rizal", "Carson", "Wells", "Rush", "Paine", "Grimke", "Still",
    "Addams", "Bly", "Parks", "Hamer", "Inouye", "Huerta", "Mink", "Randolph", "Rankin",
)  # fmt: skip
SAINTS = ("Anne", "Mark", "Clare", "Brendan", "Cecilia", "Martin", "Rose", "Luke", "Agnes", "Francis")
TREES = ("Oak", "Elm", "Maple", "Birch", "Willow", "Hickory", "Sycamore", "Linden", "Walnut", "Chestnut")

# Each: a pattern and the words it takes; together they give far more names than there are precincts.
PLACES = (
    ("{} School", STATESPEOPLE),
    ("St. {}'s Church", SAINTS),
    ("{} Street Library", TREES),
    ("{} Middle School", STATESPEOPLE),
    ("{} Park Pavilion", TREES),
    ("{} Grove Baptist Church", TREES),
    ("{} Community Center", STATESPEOPLE),
    ("{} Street Armory", TREES),
    ("{} Senior Center", STATESPEOPLE),
    ("{} Hill Methodist Church", TREES),
    ("{} Recreation Center", STATESPEOPLE),
    ("{} Lodge", TREES),
    ("{} Academy", STATESPEOPLE),
    ("{} Court Apartments", TREES),
    ("{} Hall", STATESPEOPLE),
    ("{} Elementary", STATESPEOPLE),
    ("{} Township Building", TREES),
    ("{} High School", STATESPEOPLE),
)
ROOMS = ("gym", "annex", "cafeteria")

FIRST = (
    "Ada", "Amir", "Ana", "Ben", "Bao", "Carla", "Chen", "Dana", "Diego", "Ella", "Emeka", "Farid", "Fern",
    "Gina", "Gus", "Hana", "Hugo", "Ines", "Ivan", "Jada", "Jonas", "Kai", "Kim", "Lena", "Luis", "Mai",
    "Mara", "Nia", "Noel", "Olga", "Omar", "Pia", "Quinn", "Rosa", "Ravi", "Sam", "Sofia", "Tam", "Teo",
    "Uma", "Vera", "Wes", "Xin", "Yara", "Zoe",
)  # fmt: skip
LAST = (
    "Abbott", "Alvarez", "Baker", "Bauer", "Castillo", "Chang", "Dorsey", "Duong", "Eze", "Ferris", "Flores",
    "Gupta", "Hale", "Huang", "Iverson", "Jensen", "Kaplan", "Keita", "Lam", "Lindqvist", "Lopez", "Mercer",
    "Morales", "Nakata", "Nguyen", "Obi", "Ortiz", "Park", "Pereira", "Quigley", "Reyes", "Rowe", "Santos",
    "Shah", "Tran", "Underhill", "Vance", "Wallace", "Yoder", "Zhang",
)  # fmt: skip

INCIDENTS = (
    "! machine 2 is down",
    "PROBLEM ballots for the wrong district",
    "! opened 20 minutes late",
    "PROBLEM voter turned away, name not on the roll",
    "! the ramp is blocked",
    "PROBLEM printer jammed, line out of the door",
    "! observer told to leave the room",
)
SPANISH_INCIDENTS = ("PROBLEMA no hay boletas", "! la máquina 1 no funciona")
# What nobody can count, and what could mean two things.
ODD_TEXTS = (
    "very busy here now", "Is there coffee anywhere?", "1-15", "412 412", "thanks!",
    "who do I call about parking", "about the same as last time",
)  # fmt: skip
