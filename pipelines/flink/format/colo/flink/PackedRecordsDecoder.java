// Turns the bytes of one message into rows, without copying them: each row is a view of its record in the message.
package colo.flink;

import java.io.IOException;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;

/** An empty message (the mark of a stream's end) has no rows; a length that is no multiple of a record's is an error. */
final class PackedRecordsDecoder implements DeserializationSchema<RowData> {
  private static final long serialVersionUID = 1L;

  private final int recordBytes;
  private final int[] offsets;
  private final TypeInformation<RowData> produced;

  PackedRecordsDecoder(PackedRecordsFormat.Layout layout, TypeInformation<RowData> produced) {
    this.recordBytes = layout.recordBytes();
    this.offsets = layout.offsets().stream().mapToInt(Integer::intValue).toArray();
    this.produced = produced;
  }

  @Override
  public void deserialize(byte[] message, Collector<RowData> rows) throws IOException {
    if (message == null || message.length == 0) {
      return;
    }
    if (message.length % recordBytes != 0) {
      throw new IOException(
          "a message of " + message.length + " bytes is no multiple of a record of " + recordBytes);
    }
    for (int start = 0; start < message.length; start += recordBytes) {
      rows.collect(new PackedRow(message, start, offsets));
    }
  }

  @Override
  public RowData deserialize(byte[] message) {
    throw new UnsupportedOperationException("a message carries many rows: deserialize(byte[], Collector)");
  }

  @Override
  public boolean isEndOfStream(RowData next) {
    return false;
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return produced;
  }
}
