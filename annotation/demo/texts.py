"""The words of the demo world: what customers of a small shop write and what it may answer.

Every text is written for this demo. A sentence belongs to exactly one place here (a problem,
or a part and a manner), so that `reading` can tell from a text alone how it was made.
`{product}` and `{order}` are filled in; `{ref}` is " for order 41" or nothing.
"""

# fmt: off
PRODUCTS = (
    "kettle", "lamp", "toaster", "clock", "teapot", "radio", "mixer", "stool", "mirror", "basket",
    "fan", "rug", "scale", "vase", "bench", "heater", "grill", "tray", "shelf", "pan",
)
# fmt: on

OPENINGS = ("", "Hello,", "Hi,", "Good evening,", "Excuse me,")

# What a customer adds at the end, by mood. The mood changes nothing in what is right to do.
CLOSINGS = (
    "",
    "Many thanks!",
    "What happens now?",
    "Please help.",
    "I expected better.",
    "This is the second time.",
)

# problem -> what a customer may write about it
PROBLEMS = {
    "broken": (
        "my {product} arrived broken, order {order}.",
        "the {product} from order {order} came with a crack.",
        "order {order}: the {product} was in pieces when I opened the box.",
        "I unpacked the {product} today and it is damaged, order {order}.",
    ),
    "late": (
        "my {product} has not come yet, order {order}.",
        "I have waited two weeks for the {product}, order {order}.",
        "order {order} was due on Monday. Where is my {product}?",
        "the {product} from order {order} is late.",
    ),
    "mixed up": (
        "I ordered a {product} and got something else, order {order}.",
        "order {order}: this is not the {product} I chose.",
        "you sent me the wrong {product} with order {order}.",
        "my {product} has the wrong colour, order {order}.",
    ),
    "part missing": (
        "a part of the {product} is missing, order {order}.",
        "order {order}: the screws for the {product} were not in the box.",
        "I cannot put the {product} together, a piece is missing, order {order}.",
        "the {product} from order {order} is not complete.",
    ),
    "return": (
        "I would like to send the {product} back, order {order}.",
        "how do I return the {product} from order {order}?",
        "order {order}: I do not want to keep the {product}.",
        "the {product} does not suit our kitchen. Can I return it? Order {order}.",
    ),
    "invoice": (
        "I need an invoice for the {product}, order {order}.",
        "order {order}: there was no bill with the {product}.",
        "my office asks for a receipt for the {product}, order {order}.",
        "could you send me the invoice of order {order}, the {product}?",
    ),
    "cancel": (
        "please cancel order {order}, I no longer need the {product}.",
        "I ordered the {product} by mistake, order {order}. Can you stop it?",
        "order {order}: please do not send the {product} any more.",
        "can I still cancel the {product}? It is order {order}.",
    ),
    "charged twice": (
        "I was charged twice for the {product}, order {order}.",
        "order {order}: my card paid two times for one {product}.",
        "you took the money for the {product} twice, order {order}.",
        "there are two payments for one {product} on my account, order {order}.",
    ),
}

MANNERS = ("courteous", "plain", "rude")

GREETINGS = {
    "courteous": (
        "Dear customer, thank you for writing.",
        "Good morning, and thank you for your message.",
        "Hello, it is good that you wrote to us.",
    ),
    "plain": ("Hello.", "To the customer:", "About your message:"),
    "rude": ("You again.", "What is it now?", "Oh no, another complaint."),
}

ACKNOWLEDGEMENTS = {
    "courteous": (
        "I am so sorry about the {product}.",
        "I understand how tiresome this is.",
        "We know you were looking forward to the {product}.",
    ),
    "plain": (
        "This is about the {product}.",
        "We have read it.",
        "You bought a {product}.",
    ),
    "rude": (
        "It is only a {product}.",
        "This is hardly our problem.",
        "Nobody else complains about the {product}.",
    ),
}

# The action that fits each problem, in three manners.
ACTIONS = {
    "broken": {
        "courteous": (
            "We will gladly send you a new one{ref} today.",
            "A new one{ref} is on its way, and you may keep the old one.",
        ),
        "plain": ("We send a new one{ref}.", "A replacement{ref} goes out tomorrow."),
        "rude": (
            "We send another one{ref}, so do not drop it this time.",
            "You get a new one{ref}, since you keep asking.",
        ),
    },
    "late": {
        "courteous": (
            "We are tracing the parcel{ref} and will gladly write tonight.",
            "I have asked the carrier about the parcel{ref} and will keep you informed.",
        ),
        "plain": ("We trace the parcel{ref}.", "The carrier looks for the parcel{ref}."),
        "rude": (
            "We look for the parcel{ref} when we find the time.",
            "The parcel{ref} is being traced, so learn to wait.",
        ),
    },
    "mixed up": {
        "courteous": (
            "We will bring you the right one{ref} and gladly collect the other.",
            "The right one{ref} leaves today, and you need not send anything back.",
        ),
        "plain": ("We swap it{ref}.", "We exchange it{ref} this week."),
        "rude": (
            "We swap it{ref}, if you must be so particular.",
            "We exchange it{ref}, but choose with care next time.",
        ),
    },
    "part missing": {
        "courteous": (
            "We will gladly post you the missing part{ref} today.",
            "The missing part{ref} is packed and will be with you tomorrow.",
        ),
        "plain": ("We post the missing part{ref}.", "The missing part{ref} goes out tomorrow."),
        "rude": (
            "We post the part{ref}, if you really looked.",
            "You get another part{ref}, and count them this time.",
        ),
    },
    "return": {
        "courteous": (
            "A free return label{ref} is attached, and we gladly pay you back at once.",
            "Our driver will gladly collect it{ref}, and you pay nothing.",
        ),
        "plain": ("A return label{ref} is attached.", "Send it back with this label{ref}."),
        "rude": (
            "Here is a return label{ref}, so pack it properly.",
            "Send it back{ref} if you must, the label is attached.",
        ),
    },
    "invoice": {
        "courteous": (
            "I have attached the invoice{ref} and gladly post it on paper too.",
            "Here is your invoice{ref}, and thank you for shopping with us.",
        ),
        "plain": ("The invoice{ref} is attached.", "We send the invoice{ref} by e-mail."),
        "rude": (
            "Here is the invoice{ref}, do not lose it again.",
            "The invoice{ref} was in the box, use your eyes.",
        ),
    },
    "cancel": {
        "courteous": (
            "We have gladly cancelled it{ref}, and your money is on its way.",
            "It is cancelled{ref}, and you need not do anything more.",
        ),
        "plain": ("We cancel it{ref}.", "It is cancelled{ref}."),
        "rude": (
            "We cancel it{ref}, but make up your mind.",
            "It is cancelled{ref}, and you wasted our time.",
        ),
    },
    "charged twice": {
        "courteous": (
            "We will gladly return the second payment{ref} today.",
            "The second payment{ref} is on its way back to you, with our apologies.",
        ),
        "plain": ("We return the second payment{ref}.", "You get the second payment{ref} back."),
        "rude": (
            "You get the second payment{ref} back, so calm down.",
            "We return the second payment{ref}, you will not starve.",
        ),
    },
}

FAREWELLS = {
    "courteous": (
        "Kind regards from all of us",
        "Please write whenever we can help, your shop",
        "Have a lovely day, your shop",
    ),
    "plain": ("The shop", "Regards", "Customer service"),
    "rude": ("Do not write again.", "That is all you get.", "We are busy."),
}
