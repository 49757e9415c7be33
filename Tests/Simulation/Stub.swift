enum StubSim {}
