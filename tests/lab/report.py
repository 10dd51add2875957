# SPDX-License-Identifier: GPL-2.0-or-later
# The lines that a lab prints: what passed, what failed, and how many.


class Report:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def ok(self, text):
        self.passed += 1
        print(f"ok    {text}", flush=True)

    def fail(self, text):
        self.failed += 1
        print(f"FAIL  {text}", flush=True)

    def skip(self, text):
        self.skipped += 1
        print(f"skip  {text}", flush=True)

    def check(self, name, problems):
        """One line: the name, and the first few problems when there are any."""
        if problems:
            more = f" (and {len(problems) - 4} more)" if len(problems) > 4 else ""
            self.fail(f"{name}: " + "; ".join(problems[:4]) + more)
        else:
            self.ok(name)

    def summary(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")
