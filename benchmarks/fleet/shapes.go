package fleet

// Archetype is a way of working that the traces show.
type Archetype uint8

// The archetypes, with the machines of the traces that each was measured on.
const (
	Steady      Archetype = iota // Azure V2 machines 02, 06, 07 and 08: background work, little changes in a day
	Interactive                  // Azure V2 machines 12, 13, 16, 17 and 18: labelled interactive, slow drift, peaks
	Evening                      // Azure V2 machine 01: two levels, the high one in the same hours of each day
	Bursty                       // Azure V2 machines 03 and 11: far above their mean for some hours, without a fixed time
	Office                       // Bitbrains machines that work in the hours and days of an office
	Nightly                      // Bitbrains machines that work at night
	Flat                         // Bitbrains machines without any rhythm
)

// Archetypes returns all of them, in order.
func Archetypes() []Archetype {
	return []Archetype{Steady, Interactive, Evening, Bursty, Office, Nightly, Flat}
}

// String returns the name in lower case.
func (a Archetype) String() string {
	return [...]string{"steady", "interactive", "evening", "bursty", "office", "nightly", "flat"}[a]
}

// ranks are the points of every table of quantiles, in 1024ths; values between are interpolated.
var ranks = [13]int32{0, 16, 51, 102, 256, 512, 768, 922, 973, 1003, 1014, 1021, 1024}

// shape is what one archetype does, measured.
type shape struct {
	Week     [3][24]int32 // mean of the hour as a multiple of the machine's mean, thousandths: weekday, Saturday, Sunday
	Residual [13]int32    // average of an interval over that mean, at the ranks, thousandths
	Peak     [13]int32    // maximum over average of an interval, at the ranks, thousandths
	Stay     int32        // autocorrelation at one interval, thousandths: how often the next interval keeps the rank
}

// shapes are figures measured on 2026-11-24 from the developers' copy of two public traces: Azure Public Dataset V2
// (2019, CC BY 4.0; 12 machines, 30 days, intervals of 15 minutes made of three of 5) and GWA-T-12 Bitbrains Rnd (2013, the
// Grid Workloads Archive; 250 machines, 92 days, hours). No reading of a trace is in here: TestShapesAreThoseOfTheTraces
// measures the tables again and compares. Azure V2 does not say which weekday its first second is, so its days are alike.
var shapes = [...]shape{
	Steady: {
		Week: [3][24]int32{
			{1163, 997, 989, 1042, 1045, 1012, 992, 979, 974, 973, 962, 1018, 960, 998, 969, 971, 990, 975, 967, 1020, 960, 967, 988, 1092},
			{1163, 997, 989, 1042, 1045, 1012, 992, 979, 974, 973, 962, 1018, 960, 998, 969, 971, 990, 975, 967, 1020, 960, 967, 988, 1092},
			{1163, 997, 989, 1042, 1045, 1012, 992, 979, 974, 973, 962, 1018, 960, 998, 969, 971, 990, 975, 967, 1020, 960, 967, 988, 1092},
		},
		Residual: [13]int32{455, 714, 781, 835, 911, 993, 1044, 1143, 1236, 1483, 1728, 2033, 8227},
		Peak:     [13]int32{1184, 1613, 1711, 1796, 2582, 3606, 5514, 6961, 7695, 8427, 9269, 10830, 12645},
		Stay:     102,
	},
	Interactive: {
		Week: [3][24]int32{
			{1027, 963, 944, 972, 955, 967, 936, 959, 969, 946, 946, 984, 1004, 1050, 1050, 1056, 1099, 1057, 1036, 1030, 1010, 1012, 1049, 980},
			{1027, 963, 944, 972, 955, 967, 936, 959, 969, 946, 946, 984, 1004, 1050, 1050, 1056, 1099, 1057, 1036, 1030, 1010, 1012, 1049, 980},
			{1027, 963, 944, 972, 955, 967, 936, 959, 969, 946, 946, 984, 1004, 1050, 1050, 1056, 1099, 1057, 1036, 1030, 1010, 1012, 1049, 980},
		},
		Residual: [13]int32{354, 599, 690, 741, 858, 976, 1092, 1253, 1381, 1594, 1790, 2448, 12154},
		Peak:     [13]int32{1108, 1371, 1447, 1515, 1718, 2091, 3000, 4447, 5119, 7046, 8855, 10871, 13517},
		Stay:     461,
	},
	Evening: {
		Week: [3][24]int32{
			{700, 699, 699, 700, 698, 698, 700, 699, 699, 700, 700, 700, 700, 699, 700, 1448, 2076, 2075, 2077, 2077, 1655, 699, 702, 700},
			{700, 699, 699, 700, 698, 698, 700, 699, 699, 700, 700, 700, 700, 699, 700, 1448, 2076, 2075, 2077, 2077, 1655, 699, 702, 700},
			{700, 699, 699, 700, 698, 698, 700, 699, 699, 700, 700, 700, 700, 699, 700, 1448, 2076, 2075, 2077, 2077, 1655, 699, 702, 700},
		},
		Residual: [13]int32{417, 486, 980, 987, 993, 1001, 1006, 1012, 1044, 1396, 1430, 1437, 1441},
		Peak:     [13]int32{1040, 1057, 1067, 1075, 1090, 1116, 1523, 1562, 1577, 1924, 2396, 2542, 3517},
		Stay:     161,
	},
	Bursty: {
		Week: [3][24]int32{
			{983, 1017, 957, 872, 879, 932, 872, 887, 916, 896, 876, 917, 1271, 1034, 1030, 1056, 1225, 1374, 1147, 1069, 1006, 940, 920, 923},
			{983, 1017, 957, 872, 879, 932, 872, 887, 916, 896, 876, 917, 1271, 1034, 1030, 1056, 1225, 1374, 1147, 1069, 1006, 940, 920, 923},
			{983, 1017, 957, 872, 879, 932, 872, 887, 916, 896, 876, 917, 1271, 1034, 1030, 1056, 1225, 1374, 1147, 1069, 1006, 940, 920, 923},
		},
		Residual: [13]int32{407, 487, 534, 578, 704, 876, 1041, 1609, 2038, 2604, 2972, 4134, 7689},
		Peak:     [13]int32{1024, 2094, 2822, 3602, 4565, 5688, 6980, 8420, 9469, 11086, 12646, 14267, 18504},
		Stay:     606,
	},
	Office: {
		Week: [3][24]int32{
			{778, 735, 690, 688, 709, 763, 807, 1142, 1696, 1505, 1437, 1478, 2005, 2115, 1770, 1497, 1537, 1172, 1063, 810, 801, 809, 814, 779},
			{777, 778, 700, 707, 714, 724, 656, 612, 701, 701, 636, 701, 675, 701, 669, 701, 714, 663, 717, 679, 644, 691, 658, 541},
			{664, 554, 533, 500, 605, 570, 652, 576, 656, 682, 646, 660, 687, 675, 503, 393, 434, 450, 520, 678, 439, 573, 424, 457},
		},
		Residual: [13]int32{0, 0, 0, 0, 19, 505, 1241, 2318, 3553, 6312, 9000, 11420, 13000},
		Peak:     [13]int32{0, 0, 0, 0, 1000, 1126, 2158, 4000, 5254, 7500, 9674, 11966, 12097},
		Stay:     759,
	},
	Nightly: {
		Week: [3][24]int32{
			{1488, 1877, 2875, 1575, 932, 1159, 775, 862, 862, 924, 810, 819, 763, 826, 710, 858, 610, 848, 675, 553, 641, 640, 942, 1485},
			{1540, 1485, 2667, 1420, 647, 813, 873, 703, 784, 702, 838, 708, 707, 669, 589, 557, 489, 544, 495, 525, 521, 524, 902, 1484},
			{1366, 2521, 3137, 1579, 962, 871, 911, 887, 703, 720, 658, 773, 929, 947, 730, 745, 613, 522, 581, 550, 544, 553, 1028, 1447},
		},
		Residual: [13]int32{0, 0, 110, 252, 617, 947, 1084, 1543, 2254, 3620, 5173, 7671, 9641},
		Peak:     [13]int32{0, 0, 1000, 1000, 1172, 1395, 1989, 3312, 4436, 6660, 9522, 11475, 12053},
		Stay:     676,
	},
	Flat: {
		Week: [3][24]int32{
			{1007, 1008, 1014, 996, 993, 989, 1001, 1009, 1013, 1022, 1024, 1019, 1026, 1032, 1026, 1021, 1022, 1017, 1007, 1007, 1014, 1002, 1013, 1006},
			{987, 991, 1005, 977, 965, 967, 972, 969, 974, 974, 971, 978, 973, 971, 974, 972, 976, 967, 970, 964, 963, 965, 971, 957},
			{963, 976, 986, 957, 969, 957, 969, 964, 974, 965, 965, 971, 968, 965, 970, 959, 963, 964, 966, 963, 967, 962, 966, 964},
		},
		Residual: [13]int32{0, 0, 160, 369, 765, 974, 1102, 1639, 1932, 2518, 3470, 4746, 12627},
		Peak:     [13]int32{0, 0, 1000, 1016, 1079, 1185, 1579, 3008, 4000, 6660, 11236, 12006, 12042},
		Stay:     910,
	},
}

// azureAverage is the average CPU of a machine over 30 days at the ranks, hundredths of a percent: 250 machines of the
// sample of Azure Public Dataset V2's machine table, measured on 2026-11-24. 68 % of them are below 10 %.
var azureAverage = [13]int32{25, 39, 112, 182, 357, 716, 1064, 1959, 2865, 3729, 5766, 7260, 7260}

// planetLabAverage is the same of 7 068 machine days of PlanetLab (CoMon, six days of March and April 2011), measured on
// 2026-11-24; it is the busier tail that a fleet of hosts shows. 64 % are below 10 %.
var planetLabAverage = [13]int32{63, 112, 140, 169, 301, 647, 1355, 2658, 3667, 5248, 6942, 8369, 9598}
