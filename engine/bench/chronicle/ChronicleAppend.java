// Appends records to a Chronicle Queue from one thread and prints the median time of one: `append_ns N`.
// Usage: ChronicleAppend FOLDER RECORD_BYTES. Batches are timed as the engine's are; the first third warms the compiler up.
import java.util.Arrays;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.wire.DocumentContext;

public final class ChronicleAppend {
    private static final int BATCH_LENGTH = 32;
    private static final int BATCHES = 60_000;

    public static void main(String[] arguments) {
        int recordBytes = Integer.parseInt(arguments[1]);
        byte[] record = new byte[recordBytes];
        for (int i = 0; i < recordBytes; i++) record[i] = (byte) (i * 31);
        Bytes<?> payload = Bytes.allocateElasticDirect(recordBytes);
        long[] times = new long[BATCHES];
        try (ChronicleQueue queue = ChronicleQueue.singleBuilder(arguments[0]).build();
             ExcerptAppender appender = queue.createAppender()) {
            for (int batch = 0; batch < BATCHES; batch++) {
                long start = System.nanoTime();
                for (int i = 0; i < BATCH_LENGTH; i++) {
                    payload.clear().write(record);
                    try (DocumentContext context = appender.writingDocument()) {
                        context.wire().bytes().write(payload);
                    }
                }
                times[batch] = System.nanoTime() - start;
            }
        }
        long[] warm = Arrays.copyOfRange(times, BATCHES / 3, BATCHES);
        Arrays.sort(warm);
        System.out.println("append_ns " + (double) warm[warm.length / 2] / BATCH_LENGTH);
    }
}
