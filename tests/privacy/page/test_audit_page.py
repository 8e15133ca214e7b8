"""The page of an audit."""

from medjax.privacy.page.audit_page import write_page
from medjax.privacy.result import AuditResult


def test_what_canaries_show(tmp_path):
    found = {"included": 3, "others": 3, "auc": 0.75, "tpr_at_fpr_0.05": 1 / 3}
    found |= {"epsilon_clopper_pearson": 0.5, "epsilon_one_run": 0.25}
    result = AuditResult(False, (), (), (), (), {}, {"rare": found}, {}, {}, {}, False)
    write_page(tmp_path / "audit.html", result)
    cells = "<td>3, 3</td><td>0.750</td><td>33 %</td><td>0.50</td><td>0.25</td>"
    page = (tmp_path / "audit.html").read_text()
    assert cells in page and page.count("TPR at 5 % FPR") == 1
