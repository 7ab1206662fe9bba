"""Records as Confluent's client for Python writes them to Kafka, with a schema registry."""

import base64
import datetime
import decimal
import sys

from answering import serve
from confluent_kafka import Producer
from confluent_kafka.schema_registry import (
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    header_schema_id_serializer,
    prefix_schema_id_serializer,
    topic_subject_name_strategy,
)
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, timestamp_pb2, wrappers_pb2

# Values that JSON does not have come as an object with the one key that says what they are.
KINDS = {
    "$bytes": base64.b64decode,
    "$decimal": decimal.Decimal,
    "$date": datetime.date.fromisoformat,
    "$datetime": datetime.datetime.fromisoformat,
}


def value_of(plain):
    if isinstance(plain, list):
        return [value_of(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    for kind, make in KINDS.items():
        if list(plain) == [kind]:
            return make(plain[kind])
    return {key: value_of(inner) for key, inner in plain.items()}


# Without a strategy the client asks the registry for one, by an operation to which Apicurio at times gives no answer.
BY_TOPIC = {"subject.name.strategy": topic_subject_name_strategy}


def client_of(registry):
    return SchemaRegistryClient({"url": registry, "timeout": 20})


def schema_of(text, references, client):
    found = []
    for name, subject in references.items():
        registered = client.get_latest_version(subject)
        found.append(SchemaReference(name, subject, registered.version))
    return Schema(text, "AVRO", found)


def register(registry, subject, schema, references=None):
    client = client_of(registry)
    return client.register_schema(subject, schema_of(schema, references or {}, client))


def produce(bootstrap, registry, topic, schema, records, references=None):
    client = client_of(registry)
    serialize = AvroSerializer(client, schema_of(schema, references or {}, client), conf=BY_TOPIC)
    return send(bootstrap, topic, serialize, [value_of(record) for record in records])


def message_class(file, message):
    pool = descriptor_pool.DescriptorPool()
    for imported in (timestamp_pb2, wrappers_pb2):
        pool.AddSerializedFile(imported.DESCRIPTOR.serialized_pb)
    pool.Add(json_format.ParseDict(file, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(message))


def protobuf_serializer(kind, client, conf=BY_TOPIC):
    return ProtobufSerializer(kind, client, {"use.deprecated.format": False, **conf})


def produce_protobuf(bootstrap, registry, topic, file, message, records):
    kind = message_class(file, message)
    serialize = protobuf_serializer(kind, client_of(registry))
    return send(bootstrap, topic, serialize, [json_format.ParseDict(record, kind()) for record in records])


def side(how, client, conf):
    """What serialises keys or values, and what makes of JSON what it takes."""
    if how["format"] == "avro":
        return AvroSerializer(client, how["schema"], conf=conf), value_of
    if how["format"] == "json-schema":
        return JSONSerializer(how["schema"], client, conf=conf), value_of
    kind = message_class(how["file"], how["message"])
    return protobuf_serializer(kind, client, conf), lambda record: json_format.ParseDict(record, kind())


def produce_keyed(bootstrap, registry, topic, key, value, records, ids):
    client = client_of(registry)
    conf = {
        **BY_TOPIC,
        "schema.id.serializer": header_schema_id_serializer if ids == "in headers" else prefix_schema_id_serializer,
    }
    (write_key, key_of), (write_value, record_of) = side(key, client, conf), side(value, client, conf)
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    for given_key, record in records:
        headers = []
        of_key, of_value = (SerializationContext(topic, field, headers) for field in (MessageField.KEY, MessageField.VALUE))
        producer.produce(
            topic,
            key=None if given_key is None else write_key(key_of(given_key), of_key),
            value=None if record is None else write_value(record_of(record), of_value),
            headers=headers,
        )
    return flushed(producer, records)


def send(bootstrap, topic, serialize, records):
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    context = SerializationContext(topic, MessageField.VALUE)
    for record in records:
        producer.produce(topic, value=serialize(record, context))
    return flushed(producer, records)


def flushed(producer, records):
    left = producer.flush(60)
    if left:
        raise RuntimeError(f"{left} records were not sent")
    return len(records)


serve(
    int(sys.argv[1]),
    {
        "register": register,
        "produce": produce,
        "produce_protobuf": produce_protobuf,
        "produce_keyed": produce_keyed,
    },
)
