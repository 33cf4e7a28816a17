// Package dialect knows the forms of files: which columns belong to which export of which vendor and version, how their
// numbers, dates, units and AdditionalInfo are read. It reads no file itself; package ingest drives it.
//
// Headers are compared folded: lower case, without blanks, underscores and hyphens. A header that names a column twice or
// holds characters that deceive the eye is refused; columns that nobody needs are ignored.
//
// Forms of our own, for people who make their files themselves (docs/FORMATS.md has an example of each):
//
//   - Metrics, long: one row a machine and time. Columns timestamp, resource_id, and any of grain_seconds, vm_size, region,
//     cpu_avg, cpu_max, cpu_min (percent of the whole machine), memory_available_bytes, memory_used_percent,
//     network_in_bytes, network_out_bytes, disk_read_bytes, disk_write_bytes (bytes in the interval),
//     network_out_bytes_per_second and its three sisters (rates), disk_operations_per_second. Azure Monitor's own names
//     ("Percentage CPU", "Available Memory Bytes", "Network Out Total") are taken too.
//   - Metrics, wide: the first column is timestamp, each other one a machine, named by its header; cells are average CPU.
//   - Reservations: reservation_id, order_id, customer, scope, region, size, quantity, term, start, end, auto_renew,
//     flexibility (on, off), agreement (csp, ea, mca). reservation_id, region, size, quantity and end are required.
//
// Times are ISO 8601; without an offset they are UTC. Numbers have a decimal point.
package dialect
