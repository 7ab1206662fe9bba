import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.TimestampProto;
import com.google.protobuf.util.JsonFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Sends records to Kafka by the serialisers that its one argument, a file of JSON, names: those of Apicurio or AWS Glue,
 * whichever is on the class path. Records of Avro are written as Avro's JSON, those of Protobuf as Protobuf's.
 */
public class SerdeProducer {
  interface Maker {
    Object of(JsonNode json) throws Exception;
  }

  static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    JsonNode job = JSON.readTree(Files.readString(Path.of(arguments[0])));
    Map<String, Object> settings = new HashMap<>();
    job.get("settings").fields().forEachRemaining(each -> settings.put(each.getKey(), each.getValue().asText()));
    Maker key = maker(job.get("key"));
    Maker value = maker(job.get("value"));
    try (var producer = new KafkaProducer<Object, Object>(settings)) {
      for (JsonNode record : job.get("records")) {
        producer.send(new ProducerRecord<>(job.get("topic").asText(), key.of(record.get(0)), value.of(record.get(1)))).get();
      }
    }
  }

  static Maker maker(JsonNode how) throws Exception {
    Maker make = switch (how.get("format").asText()) {
      case "avro" -> avro(new Schema.Parser().parse(how.get("schema").toString()));
      case "protobuf" -> protobuf(descriptor(how));
      case "json-with-schema" -> jsonWithSchema(how.get("schema").toString());
      case "json" -> json -> JSON.treeToValue(json, Map.class);
      default -> JsonNode::asText;
    };
    return json -> json.isNull() ? null : make.of(json);
  }

  static Maker avro(Schema schema) {
    var reader = new GenericDatumReader<Object>(schema);
    return json -> reader.read(null, DecoderFactory.get().jsonDecoder(schema, json.toString()));
  }

  static Maker protobuf(Descriptor descriptor) {
    return json -> {
      var message = DynamicMessage.newBuilder(descriptor);
      JsonFormat.parser().merge(json.toString(), message);
      return message.build();
    };
  }

  /** The last of the files has the message; those before it are what it imports. */
  static Descriptor descriptor(JsonNode how) throws Exception {
    var imports = new java.util.ArrayList<FileDescriptor>();
    imports.add(TimestampProto.getDescriptor());
    for (JsonNode json : how.get("files")) {
      var file = FileDescriptorProto.newBuilder();
      JsonFormat.parser().merge(json.toString(), file);
      var needed = imports.stream().filter(each -> file.getDependencyList().contains(each.getName()));
      imports.add(FileDescriptor.buildFrom(file.build(), needed.toArray(FileDescriptor[]::new)));
    }
    Descriptor found = null;
    for (String name : how.get("message").asText().split("\\.")) {
      found = found == null ? imports.get(imports.size() - 1).findMessageTypeByName(name) : found.findNestedTypeByName(name);
    }
    return found;
  }

  /** What Glue's serialiser takes; the class is not there with Apicurio's. */
  static Maker jsonWithSchema(String schema) throws Exception {
    var type = Class.forName("com.amazonaws.services.schemaregistry.serializers.json.JsonDataWithSchema");
    return json -> {
      var builder = type.getMethod("builder", String.class, String.class).invoke(null, schema, json.toString());
      var build = builder.getClass().getMethod("build");
      build.setAccessible(true);
      return build.invoke(builder);
    };
  }
}
