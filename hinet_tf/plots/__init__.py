"""Pictures and pages of what a training, a test or an export found out.

Names are loaded on first use: matplotlib takes a while.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "comparison": ["comparison_figure"],
        "curves": ["learning_curve"],
        "html_page": ["render_page"],
    },
)
