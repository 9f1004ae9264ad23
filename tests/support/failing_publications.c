/* A middleware that does not take the messages of one topic: preloaded before librcl, it answers in the place of
   rcl_publish. The file that FAILING_TOPIC_FILE names holds the end of the topic's name; without the file all goes out. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RCL_RET_ERROR 1

static int fails(const char *topic)
{
  char ending[128] = "";
  const char *path = getenv("FAILING_TOPIC_FILE");
  FILE *file = path != NULL ? fopen(path, "r") : NULL;
  if (file == NULL) {
    return 0;
  }
  size_t length = fread(ending, 1, sizeof ending - 1, file);
  fclose(file);
  size_t whole = strlen(topic);
  return length > 0 && whole >= length && strcmp(topic + whole - length, ending) == 0;
}

int rcl_publish(const void *publisher, const void *message, void *allocation)
{
  int (*publish)(const void *, const void *, void *);
  const char *(*topic_of)(const void *);
  *(void **)&publish = dlsym(RTLD_NEXT, "rcl_publish");
  *(void **)&topic_of = dlsym(RTLD_NEXT, "rcl_publisher_get_topic_name");
  const char *topic = topic_of(publisher);
  if (topic != NULL && fails(topic)) {
    return RCL_RET_ERROR;
  }
  return publish(publisher, message, allocation);
}
