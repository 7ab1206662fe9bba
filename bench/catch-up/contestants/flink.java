// Flink SQL on a small cluster of its own, a checkpoint every 10 s: Kafka to Parquet files, until the topic's end
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

public class flink {
  static final String RAW = "`index` INT, unique_id STRING, title STRING, description STRING, poster_name STRING, "
      + "follower_count STRING, tag_list STRING, is_image_or_video STRING, image_src STRING, save_location STRING, category STRING";
  static final String CLEAN = RAW.replace("`index`", "ind").replace("follower_count STRING", "follower_count INT");

  public static void main(String[] arguments) throws Exception {
    JsonNode job = new ObjectMapper().readTree(arguments[0]);
    Path output = Path.of(job.get("output").asText(), "pin");
    Path checkpoints = Files.createTempDirectory("flink");
    StreamTableEnvironment sql = StreamTableEnvironment.create(
        StreamExecutionEnvironment.createLocalEnvironment(2, settings(checkpoints)));
    sql.executeSql("CREATE TABLE waiting (" + RAW + ") WITH ('connector' = 'kafka', 'topic' = 'pin', 'format' = 'json', "
        + "'properties.bootstrap.servers' = '" + job.get("services").get("kafka").get("bootstrap").asText() + "', "
        + "'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset')");
    sql.executeSql("CREATE TABLE pin (" + CLEAN + ") WITH ('connector' = 'filesystem', 'path' = 'file://" + output + "', "
        + "'format' = 'parquet', 'parquet.compression' = 'ZSTD', 'parquet.compression.codec.zstd.level' = '1')");
    sql.executeSql("INSERT INTO pin SELECT " + cleaned() + " FROM waiting").await();
    nameFiles(output);
    System.out.println("{\"engine\": \"Flink " + EnvironmentInformation.getVersion() + "\"}");
    System.exit(0);
  }

  static Configuration settings(Path checkpoints) {
    Configuration settings = new Configuration();
    settings.setString("execution.checkpointing.interval", "10 s");
    settings.setString("execution.checkpointing.dir", checkpoints.toUri().toString());
    return settings;
  }

  static String cleaned() {
    return String.join(", ", List.of("`index`", "NULLIF(unique_id, '')", said("title", "No Title Data Available"),
        said("description", "No description available Story format", "No description available"),
        said("poster_name", "User Info Error"), followers(), said("tag_list", "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"),
        "NULLIF(is_image_or_video, '')", said("image_src", "Image src error."),
        "NULLIF(REPLACE(save_location, 'Local save in ', ''), '')", "NULLIF(category, '')"));
  }

  static String said(String column, String... sentinels) {
    String nothing = Stream.of(sentinels).map(text -> "'" + text + "'").collect(Collectors.joining(", "));
    return "CASE WHEN " + column + " IN ('', " + nothing + ") THEN CAST(NULL AS STRING) ELSE " + column + " END";
  }

  static String followers() {
    String number = "TRY_CAST(REGEXP_EXTRACT(follower_count, '^([0-9]+)[kM]?$', 1) AS INT)";
    return number + " * CASE WHEN follower_count LIKE '%k' THEN 1000 WHEN follower_count LIKE '%M' THEN 1000000 ELSE 1 END";
  }

  /** Flink's files have no ending, by which everybody else knows Parquet. */
  static void nameFiles(Path folder) throws Exception {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.filter(Files::isRegularFile).filter(path -> path.getFileName().toString().startsWith("part-")).toList()) {
        Files.move(path, path.resolveSibling(path.getFileName() + ".parquet"));
      }
    }
  }
}
