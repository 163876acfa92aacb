"""Take every picture anew: docs/images, what the addons' pages show of them, and the addons' icons.

    python -m pictures [--demo-json FILE]

Needs a running stack and Chromium. Where the stack has no customer that a picture needs, it gets one.
"""

import argparse
import os
from pathlib import Path

from playwright.sync_api import sync_playwright
from support.browser import find_chromium
from support.demo import Demo

from pictures import addon_pages, icons, subjects
from pictures.scenes import SCENES
from pictures.studio import Studio

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"


def main():
    parser = argparse.ArgumentParser(prog="pictures", description=__doc__)
    default = Path(os.environ.get("SAAS_RUN_DIR") or ROOT / ".run") / "demo.json"
    parser.add_argument("--demo-json", type=Path, default=default)
    demo = Demo(parser.parse_args().demo_json)
    found = subjects.find(demo)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        icons.draw(browser, ROOT)
        studio = Studio(browser, demo)
        for name, (width, scene) in SCENES.items():
            size = studio.take(IMAGES / f"{name}.png", width, lambda page, scene=scene: scene(page, demo, found))
            print(f"  {name}.png  {width} px wide, {size / 1000:.0f} KB")
        browser.close()
    addon_pages.copy(ROOT, IMAGES)


if __name__ == "__main__":
    main()
