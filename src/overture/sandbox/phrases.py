"""The words people of the platform are made of: names, bios, places."""

LATIN_FIRST_NAMES = (
    ("Mila", "mila"), ("Jonas", "jonas"), ("Aisha", "aisha"), ("Łukasz", "lukasz"), ("Chloé", "chloe"),
    ("Mateo", "mateo"), ("Ingrid", "ingrid"), ("Kofi", "kofi"), ("Yara", "yara"), ("Søren", "soren"),
    ("Priya", "priya"), ("Diego", "diego"), ("Hannah", "hannah"), ("Emre", "emre"), ("Noor", "noor"),
    ("Ewa", "ewa"), ("Björn", "bjorn"), ("Siobhán", "siobhan"), ("Tariq", "tariq"), ("Lena", "lena"),
    ("Marcus", "marcus"), ("Zoë", "zoe"), ("Ngozi", "ngozi"), ("Pavel", "pavel"), ("Camila", "camila"),
    ("Owen", "owen"), ("Fatou", "fatou"), ("Jean-Luc", "jeanluc"), ("Beatriz", "beatriz"),
    ("Arjun", "arjun"), ("Nadia", "nadia"), ("Felix", "felix"), ("Ximena", "ximena"), ("Theo", "theo"),
    ("Agnieszka", "agnieszka"), ("Sam", "sam"), ("Thuy", "thuy"), ("Rhys", "rhys"), ("Olu", "olu"),
    ("Greta", "greta"),
)  # fmt: skip

LATIN_LAST_NAMES = (
    ("Brown", "brown"), ("Kowalska", "kowalska"), ("Okafor", "okafor"), ("García", "garcia"),
    ("Meyer", "meyer"), ("O'Neill", "oneill"), ("Nguyễn", "nguyen"), ("Silva", "silva"),
    ("Hansen", "hansen"), ("Demir", "demir"), ("Rossi", "rossi"), ("Patel", "patel"),
    ("van Dijk", "vandijk"), ("Novák", "novak"), ("Mensah", "mensah"), ("Dubois", "dubois"),
    ("Schäfer", "schafer"), ("Lindqvist", "lindqvist"), ("Haddad", "haddad"), ("Costa", "costa"),
    ("Ivanova", "ivanova"), ("Park", "park"), ("Murphy", "murphy"), ("Fernández", "fernandez"),
    ("Popescu", "popescu"), ("Wright", "wright"), ("Diallo", "diallo"), ("Horváth", "horvath"),
    ("Jensen", "jensen"), ("Ali", "ali"),
)  # fmt: skip

# Names in other scripts come whole, each with the two Latin parts that its handle is made of.
OTHER_SCRIPTS = (
    ("ליאור כהן", "lior", "cohen"), ("מאיה לוי", "maya", "levi"), ("مريم حداد", "maryam", "haddad"),
    ("يوسف العلي", "yousef", "alali"), ("سارا کریمی", "sara", "karimi"), ("佐藤さくら", "sakura", "sato"),
    ("鈴木 健", "ken", "suzuki"), ("王小明", "xiaoming", "wang"), ("김민준", "minjun", "kim"),
    ("Анна Смирнова", "anna", "smirnova"), ("Олег Коваль", "oleh", "koval"),
    ("Γιώργος Παππάς", "giorgos", "pappas"), ("प्रिया शर्मा", "priya", "sharma"),
    ("สมชาย ใจดี", "somchai", "jaidee"),
)  # fmt: skip

EMOJI = ("🌱", "🚀", "☕", "🎧", "🏳️‍🌈", "👩🏽‍💻", "⚽", "📚", "🇵🇱", "✨")

ODD_NAMES = (".", "🦊", "   ", "", "@", "X Æ A-12", "null", "<b>Bo</b>", "{firstName}")

ROLES = (
    "Founder", "Product designer", "Backend developer", "Photographer", "Nurse", "Physics teacher",
    "Data analyst", "Indie game maker", "Head of growth", "Freelance writer", "Marketing lead",
    "PhD student", "Sound engineer", "Community manager", "Architect", "Bike mechanic", "Podcaster",
    "Investor", "Translator", "Chef",
)  # fmt: skip

INTERESTS = (
    "open source", "slow travel", "climate tech", "long runs", "board games", "sourdough", "type design",
    "gardening", "jazz", "robotics", "small languages", "trail maps", "remote work", "chess", "old cameras",
    "public transport",
)  # fmt: skip

CLOSINGS = (
    "Opinions mine.", "DMs open.", "Parent of two.", "Learning in public.", "She/her.", "He/him.",
    "They/them.", "Coffee first ☕", "Building something new 🚀", "No crypto please.", "Mostly offline.",
)  # fmt: skip

PLACES = (
    "Lisbon", "Warszawa", "Lagos, Nigeria", "Berlin", "São Paulo", "Toronto, ON", "Bengaluru", "København",
    "Montréal", "Nairobi", "Seoul 서울", "תל אביב", "القاهرة", "Kraków", "Melbourne", "New York, NY",
    "Hà Nội", "remote", "somewhere on Earth 🌍", "Ciudad de México", "London", "Dublin", "İzmir",
    "Kyoto 京都",
)  # fmt: skip
