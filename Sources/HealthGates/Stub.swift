enum StubHealthGates {}
