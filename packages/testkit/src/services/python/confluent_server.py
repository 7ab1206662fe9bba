"""Records as Confluent's client for Python writes them to Kafka, with a schema registry."""

import base64
import datetime
import decimal
import sys

from answering import serve
from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient, topic_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroSerializer
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


def produce_protobuf(bootstrap, registry, topic, file, message, records):
    pool = descriptor_pool.DescriptorPool()
    for imported in (timestamp_pb2, wrappers_pb2):
        pool.AddSerializedFile(imported.DESCRIPTOR.serialized_pb)
    pool.Add(json_format.ParseDict(file, descriptor_pb2.FileDescriptorProto()))
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(message))
    client = client_of(registry)
    serialize = ProtobufSerializer(kind, client, {"use.deprecated.format": False, **BY_TOPIC})
    return send(bootstrap, topic, serialize, [json_format.ParseDict(record, kind()) for record in records])


def send(bootstrap, topic, serialize, records):
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    context = SerializationContext(topic, MessageField.VALUE)
    for record in records:
        producer.produce(topic, value=serialize(record, context))
    left = producer.flush(60)
    if left:
        raise RuntimeError(f"{left} records were not sent")
    return len(records)


serve(int(sys.argv[1]), {"register": register, "produce": produce, "produce_protobuf": produce_protobuf})
