import com.alibaba.dashscope.aigc.imagegeneration.ImageGeneration;
import com.alibaba.dashscope.aigc.imagegeneration.ImageGenerationListResult;
import com.alibaba.dashscope.aigc.imagegeneration.ImageGenerationMessage;
import com.alibaba.dashscope.aigc.imagegeneration.ImageGenerationParam;
import com.alibaba.dashscope.aigc.imagegeneration.ImageGenerationResult;
import com.alibaba.dashscope.exception.ApiException;
import com.alibaba.dashscope.task.AsyncTaskListParam;
import com.alibaba.dashscope.utils.Constants;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The official SDK's examples against a mock server: one line a check, exit status 1 on a failure.
 *
 * Arguments: the base URL, and a picture of 400 by 300 pixels.
 */
public class Check {
  static final String KEY = "sk-mock";
  static final String MODEL = "wan2.7-image-pro";
  static final String FILES = "https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/20251229/";
  static final String CAR = FILES + "pjeqdf/car.webp";
  static final String PAINT = FILES + "xsunlm/paint.webp";
  static final String CAT =
      "Cinematic image group, documenting the same stray orange cat, features must be consistent throughout. First"
          + " image: Spring. Second image: Summer. Third image: Autumn. Fourth image: Winter.";
  static String picture;

  interface Body {
    void run() throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    Constants.baseHttpApiUrl = arguments[0];
    picture = arguments[1];
    Map<String, Body> checks = new LinkedHashMap<>();
    checks.put("edit by a call", Check::editByCall);
    checks.put("edit by a task", Check::editByTask);
    checks.put("set by a call", Check::setByCall);
    checks.put("set by a task", Check::setByTask);
    checks.put("fetch and list", Check::fetchAndList);
    checks.put("cancel", Check::cancel);
    checks.put("local file and boxes", Check::localFileAndBoxes);
    checks.put("palette, seed and thinking", Check::palette);
    checks.put("refused value", Check::refusedValue);
    checks.put("wrong key", Check::wrongKey);

    ExecutorService pool = Executors.newFixedThreadPool(6);
    List<Future<String>> lines = new ArrayList<>();
    checks.forEach((name, body) -> lines.add(pool.submit((Callable<String>) () -> outcome(name, body))));
    boolean failed = false;
    for (Future<String> line : lines) {
      System.out.println(line.get());
      failed |= line.get().startsWith("FAILED");
    }
    System.exit(failed ? 1 : 0);
  }

  static String outcome(String name, Body body) {
    try {
      body.run();
      return "ok " + name;
    } catch (Throwable trouble) {
      return "FAILED " + name + ": " + trouble;
    }
  }

  static void expect(Object wanted, Object got) {
    if (!wanted.equals(got)) {
      throw new AssertionError("expected " + wanted + ", got " + got);
    }
  }

  static ImageGenerationMessage message(String text, String... images) {
    List<Map<String, Object>> content = new ArrayList<>();
    content.add(Collections.singletonMap("text", text));
    for (String image : images) {
      content.add(Collections.singletonMap("image", image));
    }
    return ImageGenerationMessage.builder().role("user").content(content).build();
  }

  static ImageGenerationParam.ImageGenerationParamBuilder<?, ?> asked(String text, String... images) {
    return ImageGenerationParam.builder()
        .apiKey(KEY)
        .model(MODEL)
        .messages(Collections.singletonList(message(text, images)))
        .n(1)
        .size("1K");
  }

  static int pictures(ImageGenerationResult result) {
    return result.getOutput().getChoices().stream().mapToInt(choice -> choice.getMessage().getContent().size()).sum();
  }

  static ImageGenerationResult waited(ImageGenerationResult task) throws Exception {
    expect("PENDING", task.getOutput().getTaskStatus());
    ImageGenerationResult done = new ImageGeneration().wait(task.getOutput().getTaskId(), KEY);
    expect("SUCCEEDED", done.getOutput().getTaskStatus());
    return done;
  }

  static void editByCall() throws Exception {
    ImageGenerationParam param = asked("Spray the graffiti from image 2 onto the car in image 1", CAR, PAINT).build();
    ImageGenerationResult result = new ImageGeneration().call(param);
    expect(200, result.getStatusCode());
    expect(1, pictures(result));
    expect(1, result.getUsage().getImageCount());
    expect(true, result.getOutput().getFinished());
  }

  static void editByTask() throws Exception {
    ImageGenerationParam param = asked("Spray the graffiti from image 2 onto the car in image 1", CAR, PAINT).build();
    expect(1, pictures(waited(new ImageGeneration().asyncCall(param))));
  }

  static void setByCall() throws Exception {
    ImageGenerationResult result = new ImageGeneration().call(asked(CAT).enableSequential(true).n(4).build());
    expect(1, result.getOutput().getChoices().size());
    expect(4, pictures(result));
  }

  static void setByTask() throws Exception {
    ImageGenerationResult task = new ImageGeneration().asyncCall(asked(CAT).enableSequential(true).n(4).build());
    expect(4, pictures(waited(task)));
  }

  static void fetchAndList() throws Exception {
    ImageGeneration service = new ImageGeneration();
    ImageGenerationResult task = service.asyncCall(asked("listed").model("wan2.7-image").build());
    String id = task.getOutput().getTaskId();
    expect(id, service.fetch(id, KEY).getOutput().getTaskId());
    AsyncTaskListParam wanted = AsyncTaskListParam.builder().apiKey(KEY).modelName("wan2.7-image").pageSize(50).build();
    ImageGenerationListResult listed = service.list(wanted);
    expect(true, listed.getData().stream().anyMatch(each -> id.equals(each.getTaskId())));
  }

  static void cancel() throws Exception {
    ImageGeneration service = new ImageGeneration();
    ImageGenerationResult task = service.asyncCall(asked("slow").header("X-Wannb-Scenario", "slow queue").build());
    String id = task.getOutput().getTaskId();
    expect(200, service.cancel(id, KEY).getStatusCode());
    expect("CANCELED", service.fetch(id, KEY).getOutput().getTaskStatus());
  }

  static void localFileAndBoxes() throws Exception {
    Object boxes = Collections.singletonList(Collections.singletonList(Arrays.asList(0, 0, 90, 90)));
    ImageGenerationParam param = asked("a clock", "file://" + picture).parameter("bbox_list", boxes).build();
    ImageGenerationResult result = new ImageGeneration().call(param);
    expect("1184*880", result.getUsage().getSize()); // the ratio of the picture
  }

  static void palette() throws Exception {
    List<Map<String, String>> palette = new ArrayList<>();
    for (String[] color : new String[][] {{"#C2D1E6", "23.51%"}, {"#636574", "26.49%"}, {"#CBD4E4", "50.00%"}}) {
      Map<String, String> entry = new LinkedHashMap<>();
      entry.put("hex", color[0]);
      entry.put("ratio", color[1]);
      palette.add(entry);
    }
    ImageGenerationParam param =
        asked("a flower shop").seed(7).parameter("color_palette", palette).parameter("thinking_mode", true).build();
    expect(1, pictures(new ImageGeneration().call(param)));
  }

  static void refusedValue() throws Exception {
    try {
      new ImageGeneration().call(asked("too many").n(5).build());
    } catch (ApiException refused) {
      expect("InvalidParameter", refused.getStatus().getCode());
      return;
    }
    throw new AssertionError("n=5 was taken");
  }

  static void wrongKey() throws Exception {
    try {
      new ImageGeneration().call(asked("x").apiKey("sk-wrong-region").build());
    } catch (ApiException refused) {
      expect(401, refused.getStatus().getStatusCode());
      return;
    }
    throw new AssertionError("a wrong key was taken");
  }
}
