"""Writes avro.json and protobuf.json: messages that fastavro and Google's Protobuf have written, and what is to be read of them.

Run it by hand with a Python that has fastavro and protobuf (those of the test server `confluent` do):
    python make_vectors.py
What is to be read is said here, as docs/avro.md and docs/protobuf.md say it, and not made by what is tested.
"""

import base64
import datetime
import decimal
import io
import json
import pathlib
import uuid

import fastavro
from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    field_mask_pb2,
    json_format,
    message_factory,
    struct_pb2,
    text_format,
    timestamp_pb2,
    wrappers_pb2,
)

HERE = pathlib.Path(__file__).parent
UTC = datetime.timezone.utc
LONG = 2**63


def b64(data):
    return base64.b64encode(data).decode()


# Avro


def record(*fields, name="R", **more):
    return {
        "type": "record",
        "name": name,
        "fields": [dict(zip(("name", "type", "default"), field)) for field in fields],
        **more,
    }


def logical(kind, logical_type, **more):
    below = {"type": kind} if isinstance(kind, str) else kind
    return {**below, "logicalType": logical_type, **more}


def fixed(name, size):
    return {"type": "fixed", "name": name, "size": size}


TREE = record(
    ("n", "int"),
    ("left", ["null", "Tree"], None),
    ("more", {"type": "array", "items": "Tree"}, []),
    name="Tree",
    namespace="a.b",
)
COLOUR = {"type": "enum", "name": "Colour", "symbols": ["RED", "GREEN"], "default": "RED"}
MOMENT = datetime.datetime(2026, 1, 31, 12, 0, 0, 123456, UTC)
CLOCK = datetime.time(23, 59, 59, 123456)

AVRO = [
    ("ints", record(("a", "int"), ("b", "int"), ("c", "int")), {"a": 2**31 - 1, "b": -(2**31), "c": 0}, None),
    ("longs", record(("a", "long"), ("b", "long"), ("c", "long")), {"a": LONG - 1, "b": -LONG, "c": -1}, None),
    ("floats", record(("a", "float"), ("b", "double"), ("c", "double")), {"a": 0.5, "b": 1e300, "c": -0.0}, None),
    ("a float as its double", record(("a", "float")), {"a": 0.1}, {"a": 0.10000000149011612}),
    (
        "no numbers",
        record(("a", "double"), ("b", "float"), ("c", "double")),
        {"a": float("nan"), "b": float("inf"), "c": float("-inf")},
        {"a": "NaN", "b": "Infinity", "c": "-Infinity"},
    ),
    (
        "small and large doubles",
        record(("a", "double"), ("b", "double")),
        {"a": 5e-324, "b": 1.7976931348623157e308},
        None,
    ),
    ("texts", record(("a", "string"), ("b", "string")), {"a": 'Straße \U0001f600 "\\\n\u0000\u001f', "b": ""}, None),
    (
        "bytes",
        record(("a", "bytes"), ("b", fixed("F", 3))),
        {"a": bytes(range(256)), "b": b"\0\1\xff"},
        {"a": b64(bytes(range(256))), "b": b64(b"\0\1\xff")},
    ),
    (
        "booleans and null",
        record(("a", "boolean"), ("b", "boolean"), ("c", "null")),
        {"a": True, "b": False, "c": None},
        {"a": True, "b": False},
    ),
    ("an enum", record(("a", COLOUR)), {"a": "GREEN"}, None),
    ("an array", record(("a", {"type": "array", "items": ["null", "long"]})), {"a": [1, None, -LONG]}, None),
    (
        "an empty array and map",
        record(("a", {"type": "array", "items": "int"}), ("m", {"type": "map", "values": "int"})),
        {"a": [], "m": {}},
        None,
    ),
    (
        "a map",
        record(("m", {"type": "map", "values": {"type": "array", "items": "string"}})),
        {"m": {'ä"': ["x"], "": []}},
        None,
    ),
    (
        "a union by its branch",
        record(("u", ["null", "string", "int", TREE])),
        {"u": {"n": 1, "left": None, "more": []}},
        None,
    ),
    (
        "a union of null last",
        record(("u", ["string", "null"]), ("v", ["string", "null"])),
        {"u": None, "v": "x"},
        {"v": "x"},
    ),
    (
        "records that hold themselves",
        TREE,
        {
            "n": 1,
            "left": {"n": 2, "left": None, "more": []},
            "more": [{"n": 3, "left": {"n": 4, "left": None, "more": []}, "more": []}],
        },
        None,
    ),
    (
        "defaults of the writer",
        record(
            ("a", "int", 7),
            ("b", ["null", "string"], None),
            ("c", COLOUR, "RED"),
            ("d", {"type": "array", "items": "int"}, [1, 2]),
        ),
        {},
        {"a": 7, "c": "RED", "d": [1, 2]},
    ),
    (
        "a named type used again, in a namespace",
        record(("a", record(("x", "int"), name="In", namespace="n.s")), ("b", "n.s.In")),
        {"a": {"x": 1}, "b": {"x": 2}},
        None,
    ),
    ("no record", {"type": "array", "items": "int"}, [1, 2], {"value": [1, 2]}),
    (
        "a date",
        record(("d", logical("int", "date")), ("e", logical("int", "date"))),
        {"d": datetime.date(2026, 1, 31), "e": datetime.date(1, 1, 1)},
        {"d": "2026-01-31", "e": "0001-01-01"},
    ),
    (
        "times of day",
        record(("a", logical("int", "time-millis")), ("b", logical("long", "time-micros"))),
        {"a": datetime.time(23, 59, 59, 123000), "b": CLOCK},
        {"a": "23:59:59.123", "b": "23:59:59.123456"},
    ),
    (
        "moments",
        record(
            ("a", logical("long", "timestamp-millis")),
            ("b", logical("long", "timestamp-micros")),
            ("c", logical("long", "timestamp-micros")),
        ),
        {"a": MOMENT.replace(microsecond=5000), "b": MOMENT, "c": datetime.datetime(1, 1, 1, tzinfo=UTC)},
        {"a": "2026-01-31 12:00:00.005", "b": "2026-01-31 12:00:00.123456", "c": "0001-01-01 00:00:00"},
    ),
    (
        "a moment in nanoseconds, before 1970",
        record(("a", logical("long", "timestamp-nanos"))),
        {"a": -1},
        {"a": "1969-12-31 23:59:59.999999999"},
    ),
    (
        "local moments",
        record(("a", logical("long", "local-timestamp-millis")), ("b", logical("long", "local-timestamp-micros"))),
        {"a": MOMENT.replace(microsecond=0, tzinfo=None), "b": MOMENT.replace(tzinfo=None)},
        {"a": "2026-01-31 12:00:00", "b": "2026-01-31 12:00:00.123456"},
    ),
    (
        "decimals",
        record(
            ("a", logical("bytes", "decimal", precision=38, scale=10)),
            ("b", logical(fixed("D", 16), "decimal", precision=38, scale=0)),
            ("c", logical("bytes", "decimal", precision=4, scale=2)),
            ("d", logical("bytes", "decimal", precision=4, scale=2)),
        ),
        {
            "a": decimal.Decimal("-1234567890123456789012345678.0000000001"),
            "b": decimal.Decimal(10**38 - 1),
            "c": decimal.Decimal("-0.01"),
            "d": decimal.Decimal("1.28"),
        },
        {"a": "-1234567890123456789012345678.0000000001", "b": "9" * 38, "c": "-0.01", "d": "1.28"},
    ),
    (
        "uuids",
        record(("a", logical("string", "uuid"))),
        {"a": uuid.UUID(int=2**127 + 5)},
        {"a": "80000000-0000-0000-0000-000000000005"},
    ),
    ("a logical type that is unknown", record(("a", logical("int", "fortnight"))), {"a": 5}, None),
    (
        "logical types in unions and lists",
        record(
            ("a", ["null", logical("int", "date")]),
            ("b", {"type": "array", "items": logical("bytes", "decimal", precision=3, scale=1)}),
        ),
        {"a": datetime.date(1969, 12, 31), "b": [decimal.Decimal("0.5")]},
        {"a": "1969-12-31", "b": ["0.5"]},
    ),
]


def avro_vectors():
    for name, schema, value, expected in AVRO:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(json.dumps(schema))), value)
        yield {
            "name": name,
            "schema": schema,
            "message": out.getvalue().hex(),
            "record": value if expected is None else expected,
        }


# Protobuf

NEEDED = (any_pb2, duration_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2)
SCALARS = [
    "double",
    "float",
    "int32",
    "int64",
    "uint32",
    "uint64",
    "sint32",
    "sint64",
    "fixed32",
    "fixed64",
    "sfixed32",
    "sfixed64",
    "bool",
    "string",
    "bytes",
]


def file_of(name, syntax, messages):
    """A file from the text form of its descriptor."""
    return text_format.Parse(
        f'name: "{name}" package: "v" syntax: "{syntax}" '
        + " ".join(f'dependency: "{module.DESCRIPTOR.name}"' for module in NEEDED)
        + messages,
        descriptor_pb2.FileDescriptorProto(),
    )


def field(name, number, kind, label="OPTIONAL", of="", more=""):
    named = f' type_name: ".{of}"' if of else ""
    return f'field {{ name: "{name}" number: {number} label: LABEL_{label} type: TYPE_{kind.upper()}{named} {more} }}'


def map_field(name, number, key, value, of=""):
    entry = "".join(word.capitalize() for word in name.split("_")) + "Entry"
    nested = f'nested_type {{ name: "{entry}" options {{ map_entry: true }} {field("key", 1, key)} {field("value", 2, value, of=of)} }}'
    return field(name, number, "message", "REPEATED", f"v.M.{entry}") + nested


ENUM = 'enum_type { name: "E" value { name: "ZERO" number: 0 } value { name: "ONE" number: 1 } value { name: "MINUS" number: -1 } value { name: "LEAST" number: -2147483648 } }'

PROTO3 = file_of(
    "three.proto",
    "proto3",
    'message_type { name: "M" '
    + " ".join(field(f"f_{kind}", 1 + i, kind) for i, kind in enumerate(SCALARS))
    + " ".join(field(f"r_{kind}", 21 + i, kind, "REPEATED") for i, kind in enumerate(SCALARS))
    + field("unpacked", 41, "sint64", "REPEATED", more="options { packed: false }")
    + field("e", 42, "enum", of="v.E")
    + field("es", 43, "enum", "REPEATED", "v.E")
    + field("m", 44, "message", of="v.M")
    + field("ms", 45, "message", "REPEATED", "v.M")
    + field("one_text", 46, "string", more="oneof_index: 0")
    + field("one_number", 47, "int32", more="oneof_index: 0")
    + field("one_message", 48, "message", of="v.M", more="oneof_index: 0")
    + field("may", 49, "int32", more="oneof_index: 1 proto3_optional: true")
    + map_field("by_text", 50, "string", "int64")
    + map_field("by_long", 51, "sint64", "bytes")
    + map_field("by_flag", 52, "bool", "enum", "v.E")
    + map_field("of_messages", 53, "uint32", "message", "v.M")
    + "".join(
        field(name, 60 + i, "message", of=f"google.protobuf.{kind}")
        for i, (name, kind) in enumerate(
            [
                *[
                    ("at", "Timestamp"),
                    ("lasts", "Duration"),
                    ("any", "Any"),
                    ("mask", "FieldMask"),
                    ("free", "Struct"),
                ],
                *[("value", "Value"), ("list", "ListValue"), ("w_int64", "Int64Value"), ("w_uint64", "UInt64Value")],
                *[
                    ("w_double", "DoubleValue"),
                    ("w_text", "StringValue"),
                    ("w_flag", "BoolValue"),
                    ("w_bytes", "BytesValue"),
                ],
            ]
        )
    )
    + ' oneof_decl { name: "one" } oneof_decl { name: "_may" } } '
    + ENUM,
)

PROTO2 = file_of(
    "two.proto",
    "proto2",
    'message_type { name: "M" '
    + field("id", 1, "int32", "REQUIRED")
    + field("with_default", 2, "int32", more='default_value: "7"')
    + field("text_default", 3, "string", more='default_value: "x"')
    + field("packed", 4, "int32", "REPEATED", more="options { packed: true }")
    + field("plain", 5, "int32", "REPEATED")
    + field("single", 6, "group", of="v.M.Single")
    + field("many", 8, "group", "REPEATED", "v.M.Many")
    + field("e", 9, "enum", of="v.E")
    + field("mine", 10, "message", of="v.M")
    + f'nested_type {{ name: "Single" {field("a", 7, "string")} }} nested_type {{ name: "Many" {field("b", 7, "sint32")} }} }}'
    + 'message_type { name: "Older" '
    + field("id", 1, "int32", "REQUIRED")
    + " } "
    + ENUM,
)


def classes(file):
    pool = descriptor_pool.DescriptorPool()
    for module in NEEDED:
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"v.{name}"))


DEFAULTS = {
    **{f"f_{kind}": 0 for kind in SCALARS},
    **{"f_bool": False, "f_string": "", "f_bytes": "", "e": "ZERO"},
    **{f"r_{kind}": [] for kind in SCALARS},
    **{"unpacked": [], "es": [], "ms": [], "by_text": {}, "by_long": {}, "by_flag": {}, "of_messages": {}},
}

PRESENT = [
    "m",
    "one_text",
    "one_number",
    "one_message",
    "may",
    "at",
    "lasts",
    "any",
    "mask",
    "free",
    "value",
    "list",
    "w_int64",
    "w_uint64",
    "w_double",
    "w_text",
    "w_flag",
    "w_bytes",
]


def top(**fields):
    return {**DEFAULTS, **fields}


def inner(**fields):
    """Within others a field that is not there is null."""
    return {**DEFAULTS, **dict.fromkeys(PRESENT), **fields}


def filled(message, **parts):
    """A message with well-known messages, which are of another pool, as its fields."""
    for name, part in parts.items():
        getattr(message, name).SetInParent()
        getattr(message, name).MergeFromString(part.SerializeToString())
    return message


def free_form(kind, value):
    return json_format.ParseDict(value, kind())


def extremes(least, most):
    return [least, -1, 0, 1, most]


def proto3_vectors():
    message = classes(PROTO3)("M")
    cases = [
        ("nothing", message(), top()),
        *(
            (
                f"extremes of {kind}",
                message(**{f"f_{kind}": most, f"r_{kind}": extremes(least, most)}),
                top(**{f"f_{kind}": most, f"r_{kind}": extremes(least, most)}),
            )
            for kind, least, most in [
                *[(kind, -(2**31), 2**31 - 1) for kind in ("int32", "sint32", "sfixed32")],
                *[(kind, -LONG, LONG - 1) for kind in ("int64", "sint64", "sfixed64")],
            ]
        ),
        *(
            (
                f"extremes of {kind}",
                message(**{f"f_{kind}": most, f"r_{kind}": [0, 1, most]}),
                top(**{f"f_{kind}": most, f"r_{kind}": [0, 1, most]}),
            )
            for kind, most in [
                ("uint32", 2**32 - 1),
                ("fixed32", 2**32 - 1),
                ("uint64", 2**64 - 1),
                ("fixed64", 2**64 - 1),
            ]
        ),
        (
            "no numbers, and small ones",
            message(
                f_double=float("nan"),
                f_float=float("-inf"),
                r_double=[float("inf"), 5e-324, -0.0, 1e300],
                r_float=[0.1, 3.4028234663852886e38],
            ),
            top(
                f_double="NaN",
                f_float="-Infinity",
                r_double=["Infinity", 5e-324, -0.0, 1e300],
                r_float=[0.10000000149011612, 3.4028234663852886e38],
            ),
        ),
        (
            "texts and bytes",
            message(
                f_string='Straße \U0001f600"\\\n\0',
                f_bytes=b"\0\xff",
                r_string=["", "x"],
                r_bytes=[b"", b"abc"],
                f_bool=True,
                r_bool=[True, False],
            ),
            top(
                f_string='Straße \U0001f600"\\\n\0',
                f_bytes="AP8=",
                r_string=["", "x"],
                r_bytes=["", "YWJj"],
                f_bool=True,
                r_bool=[True, False],
            ),
        ),
        ("a list that is not packed", message(unpacked=[1, -LONG]), top(unpacked=[1, -LONG])),
        (
            "enums, negative and unknown",
            message(e=-1, es=[0, 1, -(2**31), 77, -7]),
            top(e="MINUS", es=["ZERO", "ONE", "LEAST", 77, -7]),
        ),
        (
            "messages within messages",
            message(m=message(m=message(f_int32=1)), ms=[message(), message(may=0)]),
            top(m=inner(m=inner(f_int32=1)), ms=[inner(), inner(may=0)]),
        ),
        ("a oneof with a default", message(one_number=0), top(one_number=0)),
        ("a oneof with a message", message(one_message=message()), top(one_message=inner())),
        ("an optional default", message(may=0), top(may=0)),
        (
            "maps",
            message(
                by_text={"": 1, 'ä"': -LONG},
                by_long={-LONG: b"\xff", 0: b""},
                by_flag={True: 1, False: 77},
                of_messages={4294967295: message(f_int32=1)},
            ),
            top(
                by_text={"": 1, 'ä"': -LONG},
                by_long={str(-LONG): "/w==", "0": ""},
                by_flag={"true": "ONE", "false": 77},
                of_messages={"4294967295": inner(f_int32=1)},
            ),
        ),
        (
            "moments",
            filled(
                message(),
                at=timestamp_pb2.Timestamp(seconds=1769860800, nanos=123456000),
                lasts=duration_pb2.Duration(seconds=-1, nanos=-500000000),
                mask=field_mask_pb2.FieldMask(paths=["a.b", "c"]),
            ),
            top(at="2026-01-31 12:00:00.123456", lasts="-1.5s", mask="a.b,c"),
        ),
        (
            "the first and last moments",
            filled(
                message(ms=[filled(message(), at=timestamp_pb2.Timestamp(seconds=253402300799, nanos=999999999))]),
                at=timestamp_pb2.Timestamp(seconds=-62135596800),
            ),
            top(at="0001-01-01 00:00:00", ms=[inner(at="9999-12-31 23:59:59.999999999")]),
        ),
        (
            "empty well-known messages",
            filled(
                message(),
                at=timestamp_pb2.Timestamp(),
                lasts=duration_pb2.Duration(),
                free=struct_pb2.Struct(),
                list=struct_pb2.ListValue(),
                w_int64=wrappers_pb2.Int64Value(),
                w_text=wrappers_pb2.StringValue(),
                mask=field_mask_pb2.FieldMask(),
            ),
            top(at="1970-01-01 00:00:00", lasts="0s", free={}, list=[], w_int64=0, w_text="", mask=""),
        ),
        (
            "wrappers",
            filled(
                message(),
                **{
                    "w_int64": wrappers_pb2.Int64Value(value=-LONG),
                    "w_uint64": wrappers_pb2.UInt64Value(value=2**64 - 1),
                },
                **{"w_double": wrappers_pb2.DoubleValue(value=0.5), "w_text": wrappers_pb2.StringValue(value="x")},
                **{"w_flag": wrappers_pb2.BoolValue(), "w_bytes": wrappers_pb2.BytesValue(value=b"\xff")},
            ),
            top(w_int64=-LONG, w_uint64=2**64 - 1, w_double=0.5, w_text="x", w_flag=False, w_bytes="/w=="),
        ),
        (
            "any JSON",
            filled(
                message(),
                free=free_form(struct_pb2.Struct, {"a": [1, None, {"b": "x"}], "c": True}),
                value=struct_pb2.Value(null_value=0),
                list=free_form(struct_pb2.ListValue, [1.5, "y", []]),
            ),
            top(value=None, free={"a": [1, None, {"b": "x"}], "c": True}, list=[1.5, "y", []]),
        ),
        (
            "any message",
            filled(message(), any=any_pb2.Any(type_url="type.googleapis.com/v.M", value=b"\x08\x01")),
            top(any={"type_url": "type.googleapis.com/v.M", "value": "CAE="}),
        ),
        # Of a single field the last value counts, and parts of one message are put together.
        (
            "written twice",
            message(f_int32=1, m=message(f_int32=1)).SerializeToString()
            + message(f_int32=2, m=message(f_string="x")).SerializeToString(),
            top(f_int32=2, m=inner(f_int32=1, f_string="x")),
        ),
        (
            "lists in parts, packed and not",
            message(r_int32=[1, 2]).SerializeToString()
            + bytes.fromhex("b80103")
            + message(r_int32=[4]).SerializeToString(),
            top(r_int32=[1, 2, 3, 4]),
        ),
    ]
    yield from vectors(PROTO3, "v.M", cases)


def proto2_vectors():
    of = classes(PROTO2)
    message, older = of("M"), of("Older")
    empty = {"packed": [], "plain": [], "many": []}
    single, many = message.Single, message.Many
    cases = [
        ("required, and defaults that are not there", message(id=0), {"id": 0, **empty}),
        (
            "defaults that are there",
            message(id=1, with_default=7, text_default="x"),
            {"id": 1, "with_default": 7, "text_default": "x", **empty},
        ),
        (
            "lists, packed and not",
            message(id=1, packed=[1, -1], plain=[2, -(2**31)]),
            {"id": 1, **empty, "packed": [1, -1], "plain": [2, -(2**31)]},
        ),
        (
            "groups",
            message(id=1, single=single(a="x"), many=[many(b=-1), many()]),
            {"id": 1, **empty, "single": {"a": "x"}, "many": [{"b": -1}, {"b": None}]},
        ),
        ("an enum", message(id=1, e=-(2**31)), {"id": 1, "e": "LEAST", **empty}),
    ]
    yield from vectors(PROTO2, "v.M", cases)
    yield from vectors(
        PROTO2,
        "v.Older",
        [
            (
                "fields that the schema does not know",
                message(
                    id=1,
                    with_default=2,
                    text_default="x",
                    packed=[1],
                    single=single(a="x"),
                    many=[many(b=1)],
                    mine=message(id=2),
                ),
                {"id": 1},
            )
        ],
    )
    missing = [
        ("without a required field", message(with_default=1).SerializePartialToString(), None),
        ("without one within", message(id=1, mine=message(with_default=1)).SerializePartialToString(), None),
    ]
    yield from vectors(PROTO2, "v.M", missing)


def vectors(file, name, cases):
    for what, message, expected in cases:
        written = message if isinstance(message, bytes) else message.SerializeToString(deterministic=True)
        yield {"name": what, "file": file.name, "of": name, "message": written.hex(), "record": expected}


def write(name, content):
    (HERE / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


write("avro.json", list(avro_vectors()))
files = {file.name: b64(file.SerializeToString()) for file in (PROTO3, PROTO2)}
write("protobuf.json", {"files": files, "vectors": [*proto3_vectors(), *proto2_vectors()]})
