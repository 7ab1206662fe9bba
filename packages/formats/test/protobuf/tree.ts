/** A schema with most of what Protobuf has, nested and holding itself. */
export const TREE = `
syntax = "proto3";
package tree;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/any.proto";
import "google/protobuf/empty.proto";
import "confluent/type/decimal.proto";

message Node {
  enum Kind { LEAF = 0; BRANCH = 1; MINUS = -1; }
  message Leaf { int64 n = 1; Kind kind = 2; repeated Leaf more = 3; }
  string name = 1;
  Kind kind = 2;
  double d = 3; float f = 4; int32 i = 5; int64 l = 6; uint32 u = 7; uint64 ul = 8; sint32 s = 9; sint64 sl = 10;
  fixed32 f32 = 11; fixed64 f64 = 12; sfixed32 sf32 = 13; sfixed64 sf64 = 14; bool b = 15; bytes raw = 16;
  optional int32 maybe = 17;
  repeated int32 packed = 18;
  repeated int32 loose = 19 [packed = false];
  repeated string texts = 20;
  repeated Leaf leaves = 21;
  map<string, Leaf> by_name = 22;
  map<int32, string> by_number = 23;
  map<bool, Kind> by_bool = 24;
  oneof choice { string word = 25; int64 number = 26; Leaf leaf = 27; }
  Leaf only = 28;
  google.protobuf.Timestamp at = 29;
  google.protobuf.Duration took = 30;
  google.protobuf.Struct any_object = 31;
  google.protobuf.Value any_value = 32;
  google.protobuf.Int64Value wrapped = 33;
  google.protobuf.FieldMask mask = 34;
  google.protobuf.Any any = 35;
  google.protobuf.Empty nothing = 36;
  confluent.type.Decimal price = 37;
  Node next = 5000;
}
message Other { string text = 1; }
`

/** Proto2: values that may be missing, that must be there, groups. */
export const OLD = `
syntax = "proto2";
message Old {
  required int32 id = 1;
  optional string name = 2 [default = "nobody"];
  repeated group Line = 3 { optional int32 n = 4; }
  repeated int32 loose = 5;
  optional State state = 6;
  extensions 100 to 200;
}
enum State { NEW = 1; PAID = 2; }
extend Old { optional int32 extra = 100; }
`
