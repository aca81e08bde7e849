"""What nbconvert has to be told for pages that lose nothing:

    jupyter nbconvert --to html --config notebooks/nbconvert_config.py [--sanitize_html=True] notebooks/01*.ipynb

By itself it makes an <img> of every SVG, "No description has been provided for this image"; here the SVG stands in the
page, with its title, its description and its tooltips.  Sanitized, it shows the tags that it takes out, even those of
paragraphs; here paragraphs stay, what is not safe is gone, and in the place of a page to use stands its name.
"""

import bleach
from nbconvert.preprocessors import Preprocessor
from traitlets.config import get_config

BLOCKS = {"p", "h1", "h2", "h3", "h4", "br", "hr", "details", "summary", "div", "pre", "span", "img"}
TABLES = {"table", "thead", "tbody", "tr", "th", "td"}


class Words(Preprocessor):
    def preprocess_cell(self, cell, resources, index):
        for data in (output.data for output in cell.get("outputs", []) if "data" in output):
            if "image/svg+xml" in data and not self.parent.sanitize_html:
                data["text/html"] = data["image/svg+xml"]
            elif self.parent.sanitize_html and "<iframe" in data.get("text/html", ""):
                del data["text/html"]
        return cell, resources


def cleaned(html):
    attributes = {**bleach.ALLOWED_ATTRIBUTES, "img": ["src", "alt"], "*": ["class", "id"]}
    return bleach.clean(html, tags={*bleach.ALLOWED_TAGS, *BLOCKS, *TABLES}, attributes=attributes, strip=True)


config = get_config()
config.HTMLExporter.preprocessors = [Words]
config.HTMLExporter.filters = {"clean_html": cleaned}
