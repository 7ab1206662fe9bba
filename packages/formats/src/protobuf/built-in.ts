/** Files that schemas import and registries do not keep; protobufjs brings those of google/protobuf. */
export const BUILT_IN: Readonly<Record<string, string>> = {
  'confluent/meta.proto': '',
  'confluent/type/decimal.proto': file(
    'confluent.type',
    'message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
  ),
  'google/type/date.proto': file('google.type', 'message Date { int32 year = 1; int32 month = 2; int32 day = 3; }'),
  'google/type/timeofday.proto': file(
    'google.type',
    'message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }',
  ),
  'google/type/money.proto': file(
    'google.type',
    'message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }',
  ),
  'google/type/decimal.proto': file('google.type', 'message Decimal { string value = 1; }'),
  'google/type/latlng.proto': file('google.type', 'message LatLng { double latitude = 1; double longitude = 2; }'),
}

function file(space: string, messages: string): string {
  return `syntax = "proto3"; package ${space}; ${messages}`
}
