// One row of integers that reads them, little endian, where they lie in a message.
package colo.flink;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RawValueData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.types.RowKind;
import org.apache.flink.types.variant.Variant;

/** The message is never changed after decoding, so that rows may be kept as long as somebody likes. */
final class PackedRow implements RowData {
  private static final VarHandle LONG = view(long[].class);
  private static final VarHandle INT = view(int[].class);
  private static final VarHandle SHORT = view(short[].class);

  private final byte[] message;
  private final int start;
  private final int[] offsets;
  private RowKind kind = RowKind.INSERT;

  PackedRow(byte[] message, int start, int[] offsets) {
    this.message = message;
    this.start = start;
    this.offsets = offsets;
  }

  private static VarHandle view(Class<?> array) {
    return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public int getArity() {
    return offsets.length;
  }

  @Override
  public RowKind getRowKind() {
    return kind;
  }

  @Override
  public void setRowKind(RowKind kind) {
    this.kind = kind;
  }

  @Override
  public boolean isNullAt(int column) {
    return false;
  }

  @Override
  public long getLong(int column) {
    return (long) LONG.get(message, start + offsets[column]);
  }

  @Override
  public int getInt(int column) {
    return (int) INT.get(message, start + offsets[column]);
  }

  @Override
  public short getShort(int column) {
    return (short) SHORT.get(message, start + offsets[column]);
  }

  @Override
  public byte getByte(int column) {
    return message[start + offsets[column]];
  }

  // No column of a packed record has one of the types below; the factory refuses such a table.

  @Override
  public boolean getBoolean(int column) {
    throw onlyIntegers();
  }

  @Override
  public float getFloat(int column) {
    throw onlyIntegers();
  }

  @Override
  public double getDouble(int column) {
    throw onlyIntegers();
  }

  @Override
  public StringData getString(int column) {
    throw onlyIntegers();
  }

  @Override
  public DecimalData getDecimal(int column, int precision, int scale) {
    throw onlyIntegers();
  }

  @Override
  public TimestampData getTimestamp(int column, int precision) {
    throw onlyIntegers();
  }

  @Override
  public <T> RawValueData<T> getRawValue(int column) {
    throw onlyIntegers();
  }

  @Override
  public byte[] getBinary(int column) {
    throw onlyIntegers();
  }

  @Override
  public ArrayData getArray(int column) {
    throw onlyIntegers();
  }

  @Override
  public MapData getMap(int column) {
    throw onlyIntegers();
  }

  @Override
  public RowData getRow(int column, int fields) {
    throw onlyIntegers();
  }

  @Override
  public Variant getVariant(int column) {
    throw onlyIntegers();
  }

  private static UnsupportedOperationException onlyIntegers() {
    return new UnsupportedOperationException("packed-records has integer columns only");
  }
}
