enum StubAWSMesh {}
