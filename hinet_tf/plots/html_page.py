"""Pages without external files, all of one look."""

from pathlib import Path
from typing import Any

_TEMPLATES = Path(__file__).parent / "templates"


def render_page(template: Path, **values: Any) -> str:
    """Fills a template that extends `base.html`, whose style follows the reader's dark mode.

    Args:
        template: File of the template, a block `body` at least. It may include the parts of a
            comparison slider, which lie beside `base.html`.
        **values: What the template names; `title` among them.

    Returns:
        The page as HTML. What is no markup of a template is escaped.

    Raises:
        jinja2.UndefinedError: If the template names a value that is not given.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, _TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template.name).render(**values)
