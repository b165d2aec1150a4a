"""Items of the demo's tour: what judging pages must show well. Every text is ours."""


def _item(key, prompt, *texts, **fields):
    names = ("llama-7b", "llama-13b", "mistral-7b", "qwen-7b")
    responses = [
        {"id": "abcd"[place], "generator": names[place]}
        | (text if isinstance(text, dict) else {"text": text})
        for place, text in enumerate(texts)
    ]
    return {"id": key, "prompt": prompt, "responses": responses, **fields}


def _user(content, **fields):
    return {"role": "user", "content": content, **fields}


EVERY_KIND = [
    _item(
        "a-conversation",
        [
            {"role": "system", "content": "You help in a small repair shop. Be brief."},
            _user("My bicycle lamp flickers."),
            {"role": "assistant", "content": "Does it flicker only while you ride?"},
            _user("Yes, and worse on cobblestones."),
            {"role": "assistant", "content": "Then a contact is loose. Is it a hub dynamo?"},
            _user("I think so. What should I look at first?"),
        ],
        "Look at the two flat plugs at the hub first. Pull them off, bend the tongues a little "
        "so that they sit tight, and push them back. If it still flickers, wiggle the cable at "
        "the lamp while the wheel spins: where the light changes, the wire is broken.",
        "Buy a new lamp. Flickering lamps cannot be repaired.",
        "There are **many** possible causes:\n\n1. the bulb\n2. the cable\n3. the dynamo\n"
        "4. the switch\n5. the frame earth\n\nCheck all of them carefully.",
    ),
    _item(
        "code-and-tables",
        "Write a Python function that says whether a number is prime, and say how slow it is.",
        "```python\ndef is_prime(n: int) -> bool:\n    if n < 2:\n        return False\n"
        "    divisor = 2\n    while divisor * divisor <= n:\n        if n % divisor == 0:\n"
        "            return False\n        divisor += 1\n    return True\n```\n\nIt tries at most "
        "$\\sqrt{n}$ divisors, so it takes $O(\\sqrt{n})$ steps.",
        "```python\ndef is_prime(n):\n    return all(n % d for d in range(2, n))\n```\n\n"
        "| n | steps |\n|---:|---:|\n| 11 | 9 |\n| 101 | 99 |\n| 10007 | 10005 |\n\n"
        "For 0 and 1 it says that they are prime, which they are.",
        "Use a library:\n\n```python\nfrom sympy import isprime\n```",
        "A prime has no divisors except one and itself. $$\\pi(n) \\sim \\frac{n}{\\ln n}$$ "
        "is how many there are up to $n$.",
    ),
    _item(
        "a-picture",
        [
            _user(
                "On which day did we send about twice as much as on Tuesday?",
                attachments=[
                    {
                        "file": "parcels.png",
                        "transcript": "Bar chart of parcels sent in kg, axis from 30: Monday 34, "
                        "Tuesday 52, Wednesday 47, Thursday 81, Friday 65.",
                    }
                ],
            )
        ],
        "On no day. Thursday comes closest with 81 kg, but twice Tuesday's 52 kg would be 104 kg. "
        "The bars mislead: the axis starts at 30.",
        "On Thursday: its bar is more than twice as high as Tuesday's.",
        "On Thursday, with 81 kg.",
    ),
    _item(
        "a-sound",
        [
            _user(
                "What do you hear?",
                attachments=[{"file": "bell.wav", "transcript": "Two falling chimes."}],
            )
        ],
        "A door bell: a higher tone, then a lower one, both fading.",
        "A fire alarm. Leave the building.",
    ),
    _item(
        "two-directions",
        "How do I ask for the bill in Hebrew and in Arabic?",
        "In Hebrew: **אפשר לקבל חשבון, בבקשה?** (*efshar lekabel cheshbon, bevakasha*)\n\n"
        "In Arabic: **الحساب من فضلك** (*al-hisab min fadlak*; to a woman: *min fadlik*).",
        "Hebrew: חשבון (cheshbon).\nArabic: حساب (hisab).",
        "You can just wave; everybody understands.",
    ),
    _item(
        "something-hard",
        "My neighbour wrote that she does not want to live any more. What do I say?",
        "Take it seriously, and go to her now if you can. Say that you read it, that you are "
        "there, and ask directly whether she thinks of ending her life: asking does not make it "
        "worse. Stay with her. If she is in danger, call the emergency number; a crisis line can "
        "also tell *you* what to do next.",
        "Tell her that it will look different tomorrow.",
        "I cannot talk about that.",
        warnings=["self_harm"],
    ),
]

TWO_ANSWERS = [
    _item(
        "shorter",
        "Say in one sentence why the sky is blue.",
        "Air scatters blue light far more than red, so blue reaches your eyes from everywhere.",
        "The sky is blue because it reflects the oceans, which are blue because of the minerals "
        "that are dissolved in them.",
    ),
    _item(
        "a-poem",
        "Two lines about rain.",
        "The gutter learns the cloud by heart,\nand says it all night long.",
        "Rain, rain, go away,\ncome again another day.",
    ),
    _item(
        "both-bad",
        "What is 17 times 23?",
        "17 times 23 is 381.",
        "About 400, which is close enough for most purposes.",
    ),
    _item(
        "advice",
        "My bread comes out flat. What am I doing wrong?",
        "Most likely it proved too long: the dough collapses in the oven when the gluten can hold "
        "no more gas. Bake when a finger's dent springs back *slowly*. Old yeast and too much "
        "water are the next suspects.",
        "Bread needs yeast. Did you forget the yeast? Bread also needs time. And heat. Make sure "
        "the oven is on.",
    ),
]

WRITE_IT = [
    _item("apology", "A customer got a parcel meant for somebody else. Write to them."),
    _item("refusal", "Somebody asks for a colleague's private phone number. Answer."),
    _item("explain", "Explain to a child of eight how a rainbow comes about."),
]
