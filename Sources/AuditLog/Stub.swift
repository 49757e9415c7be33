enum StubAuditLog {}
