"""Contents of small files, for tests to which it matters only which are the same."""

from __future__ import annotations

A = "id,x\n1,a\n"
B = "id,x\n1,b\n2,b\n"
PEOPLE = "id,name\n1,Ann\n2,Bob\n"
MORE_PEOPLE = "id,name\n3,Cid\n"
