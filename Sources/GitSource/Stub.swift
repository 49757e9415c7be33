import CLibgit2
import Subprocess

enum StubM {}
