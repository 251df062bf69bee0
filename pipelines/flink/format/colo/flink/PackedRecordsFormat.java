// The table format `packed-records`: one Kafka message carries many fixed-width little-endian records, each a row.
//
// Plain SQL cannot decode such bytes. The layout is that of the table's physical columns in their order, without
// padding (BIGINT 8 bytes, INT 4, SMALLINT 2, TINYINT 1), which is how engine/records.py lays out a record.
package colo.flink;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/** Factory that Flink finds by META-INF/services; has no options. */
public final class PackedRecordsFormat implements DeserializationFormatFactory {
  @Override
  public String factoryIdentifier() {
    return "packed-records";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return new HashSet<>();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return new HashSet<>();
  }

  @Override
  public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    return new Decoding();
  }

  /** Decodes only the columns that a query asks for; their offsets are those in the whole record. */
  private static final class Decoding
      implements ProjectableDecodingFormat<DeserializationSchema<RowData>> {
    @Override
    public DeserializationSchema<RowData> createRuntimeDecoder(
        DynamicTableSource.Context context, DataType physical, int[][] projections) {
      Layout whole = Layout.of((RowType) physical.getLogicalType());
      DataType produced = Projection.of(projections).project(physical);
      int[] columns = new int[projections.length];
      for (int i = 0; i < projections.length; i++) {
        columns[i] = projections[i][0];
      }
      return new PackedRecordsDecoder(
          whole.project(columns), context.createTypeInformation(produced));
    }

    @Override
    public ChangelogMode getChangelogMode() {
      return ChangelogMode.insertOnly();
    }
  }

  /** Where each column lies in a record. */
  record Layout(int recordBytes, List<Integer> offsets, List<Integer> widths) {
    static Layout of(RowType type) {
      int offset = 0;
      Integer[] offsets = new Integer[type.getFieldCount()];
      Integer[] widths = new Integer[type.getFieldCount()];
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] = offset;
        widths[i] = width(type.getFields().get(i));
        offset += widths[i];
      }
      return new Layout(offset, List.of(offsets), List.of(widths));
    }

    Layout project(int[] columns) {
      Integer[] chosenOffsets = new Integer[columns.length];
      Integer[] chosenWidths = new Integer[columns.length];
      for (int i = 0; i < columns.length; i++) {
        chosenOffsets[i] = offsets.get(columns[i]);
        chosenWidths[i] = widths.get(columns[i]);
      }
      return new Layout(recordBytes, List.of(chosenOffsets), List.of(chosenWidths));
    }

    private static int width(RowType.RowField field) {
      return switch (field.getType().getTypeRoot()) {
        case BIGINT -> 8;
        case INTEGER -> 4;
        case SMALLINT -> 2;
        case TINYINT -> 1;
        default ->
            throw new ValidationException(
                "packed-records: column "
                    + field.getName()
                    + " is "
                    + field.getType()
                    + ", and only BIGINT, INT, SMALLINT and TINYINT have a fixed width here");
      };
    }
  }
}
