"""Small charts as server-rendered SVG: numbers in, a view model out, a template draws it.

    chart = line_chart(
        label="Held-out accuracy rises from 0.52 to 0.71",
        x_name="Step", y_name="Accuracy",
        series=[Series("accuracy", [(0, 0.52), (50, 0.66), (100, 0.71)],
                       low=[0.45, 0.60, 0.65], high=[0.59, 0.72, 0.77])],
        events=[(50, "best checkpoint")],
    )
    {% include "charts/_line.html" with chart=chart %}

`label` is the finding in words: it is what a screen reader hears instead of the picture. The
numbers stand behind "Show as a table" in each template. Colours are classes (look: s1, s2, s3),
so the dark theme follows by itself. Texts and numbers are in the reader's language; what the SVG
itself reads is formatted here as text with points, for a template would write “12,5” in German.
"""
