// Formats the time of day.
// Source of the calendar: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days to civil.

extension ByteBuffer {
  /// Appends a time as RFC 3339 does, in UTC with milliseconds: 2026-11-28T09:58:52.123Z.
  ///
  /// - Parameter seconds: since 1970-01-01T00:00:00Z, without leap seconds; limited to the years 1970 to 9999.
  public mutating func append(timeOfDay seconds: Double) {
    let limited = seconds >= 0 ? min(seconds, 253_402_300_799.999) : 0
    let milliseconds = Int64(limited * 1000 + 0.5)
    let (days, time) = (milliseconds / 86_400_000, milliseconds % 86_400_000)
    let (year, month, day) = civil(days)
    append(year, width: 4)
    append("-")
    append(month, width: 2)
    append("-")
    append(day, width: 2)
    append("T")
    append(time / 3_600_000, width: 2)
    append(":")
    append(time / 60_000 % 60, width: 2)
    append(":")
    append(time / 1000 % 60, width: 2)
    append(".")
    append(time % 1000, width: 3)
    append("Z")
  }
}

/// Returns the date in the Gregorian calendar. Counts years from March, so that the leap day is the last one.
private func civil(_ daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
  let days = daysSince1970 + 719_468
  let (era, dayOfEra) = (days / 146_097, days % 146_097)
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let marchMonth = (5 * dayOfYear + 2) / 153
  let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
}
