import pytest
from tests.browser.samples import *
from tests.browser.conftest import *
from tests.factories import *
from annotation.prompts.models import Prompt
pytestmark=[pytest.mark.django_db(transaction=True)]
import os
OUT="/tmp/shots"; os.makedirs(OUT,exist_ok=True)
SETS={"four":FOUR,"two":(SAVINGS,SHORT),"nine":(SAVINGS,SHORT,CODE,LOUD,ARABIC,HIDDEN,EMPTY,SHORT,SAVINGS),"three":(SAVINGS,ARABIC,EMPTY)}
@pytest.mark.parametrize("name",os.environ.get("SETS","four,two,nine,three").split(","))
def test_shots(visit,name):
    project=make_project(name="Everyday advice")
    if name in("two","three"):
        msgs=[{"role":"user","content":"Which flour is best for a first sourdough starter?"},{"role":"assistant","content":"Wholemeal rye."},{"role":"user","content":"It is day 5 and it smells like nail polish."},{"role":"assistant","content":"It is hungry. How often do you feed it?"},{"role":"user","content":QUESTION}]
        prompt=Prompt.objects.create(project=project,messages=msgs,sha256="x"*64)
    else: prompt=make_prompt(project,QUESTION)
    make_item(project,SETS[name],prompt=prompt); 
    user=make_member(project,username="mira")
    for scheme,w,h in [tuple(s.split(":")) for s in os.environ.get("SIZES","light:1280:800,dark:1280:800,light:1920:1080,light:360:740").split(",")]:
        v=visit(viewport={"width":int(w),"height":int(h)},color_scheme=scheme).sign_in(user)
        v.open(f"/judge/{project.slug}/")
        v.press("2","j","1")
        if name!="two": v.press("j","x")
        v.press("k")
        v.page.wait_for_timeout(900)
        v.page.screenshot(path=f"{OUT}/{name}-{scheme}-{w}.png")
        if w=="360": v.page.screenshot(path=f"{OUT}/{name}-{scheme}-{w}-full.png",full_page=True)
        bad,passed=v.violations(); print(name,scheme,w,bad,passed)
