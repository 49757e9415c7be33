import HealthGates
import Reconciler

/// Gates are read where the policy says, within the hosts of the settings.
extension GateReader: MetricSource {}
