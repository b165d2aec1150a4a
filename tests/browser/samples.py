"""Items as hard to show as real ones: code, tables, mathematics, right-to-left text, nothing."""

SAVINGS = """You would have about **€20,960**: €18,000 of your own and roughly €2,960 in interest.

That assumes the bank credits interest every month and you pay at the *end* of the month.

- Paying at the *start* of the month adds one more month of interest: €21,014.
- If 3 % is the effective yearly rate, the total is €20,917.

### Why

$$F = p \\cdot \\frac{(1+i)^n - 1}{i}$$

| Years | Paid in | Balance | Interest |
|---|--:|--:|--:|
| 1 | 1,800 | 1,825 | 25 |
| 5 | 9,000 | 9,697 | 697 |
| 10 | 18,000 | 20,961 | 2,961 |

```python
def savings(payment, yearly_rate, years, start_of_month=False):
    months = years * 12
    i = yearly_rate / 12
    if i == 0:                       # nothing to earn
        return payment * months
    total = payment * ((1 + i) ** months - 1) / i
    return total * (1 + i) if start_of_month else total
```
"""
SHORT = "After 10 years you will have **€20,961.21**. Use `=FV(0.03/12; 120; -150)`."
ARABIC = (
    "سيكون لديك حوالي **20,961 يورو** بعد عشر سنوات.\n\n"
    "- تدفع 18,000 يورو بنفسك.\n- الباقي فائدة.\n\nاستخدم `FV(0.03/12; 120; -150)` في جدول."
)
CODE = (
    "```c\n"
    + "\n".join(
        f"static int very_long_function_name_{n}(const struct state *state, size_t count, "
        f"void (*callback)(int result, void *context)) {{ return {n}; }}"
        for n in range(40)
    )
    + "\n```\n\nThat is all."
)
LOUD = "# GREAT QUESTION!!!\n\nOf course! " + "Compound interest is on your side. " * 20
HIDDEN = "A zero\u200bwidth space and a \u202ereversed\u202c part."
EMPTY = ""
QUESTION = (
    "I want to put 150 euros a month into a savings account at 3 % for ten years. "
    "How much will I have in the end?\n\nPlease show me the formula, a small table so I can see "
    "how it grows, and a short Python function so I can try other numbers."
)
FOUR = (SAVINGS, SHORT, CODE, LOUD)
