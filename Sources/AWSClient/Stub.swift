import AsyncHTTPClient
import Crypto

enum StubAWS {}
