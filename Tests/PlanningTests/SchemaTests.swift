import Foundation
import MeshModel
import Planning
import Testing

@Suite("What -o json prints fits its schema")
struct SchemaTests {
    @Test("every golden plan")
    func plans() async throws {
        let schema = try JSONSchema(named: "plan")
        for name in GoldenPlanTests.cases {
            let scene = try GoldenScene(GoldenPlanTests.folder.appending(path: name)).scene
            #expect(schema.complaints(scene.plan.json) == [], "\(name)")
            #expect(schema.complaints(scene.plan.json(explaining: scene.input)) == [], "\(name)")
        }
    }

    @Test("every drift report of them")
    func reports() async throws {
        let schema = try JSONSchema(named: "drift")
        for name in GoldenPlanTests.cases {
            let scene = try GoldenScene(GoldenPlanTests.folder.appending(path: name)).scene
            #expect(schema.complaints(DriftReportTests.report(scene).json()) == [], "\(name)")
        }
    }

    @Test("and what does not fit is found")
    func misfits() throws {
        let schema = try JSONSchema(named: "drift")
        let report = DriftReportTests.report(DriftReportTests.edited()).json()
        #expect(schema.complaints(report) == [])
        #expect(schema.complaints(report.replacing(field: "exit", with: 7)) == ["$.exit: enum"])
        #expect(
            schema.complaints(report.replacing(field: "drift", with: nil))
                == ["$: drift is missing"]
        )
        #expect(
            schema.complaints(report.replacing(field: "extra", with: 1)) == ["$: unknown extra"]
        )
    }
}
