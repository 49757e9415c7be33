import GRDB
import Hummingbird

enum StubLM {}
