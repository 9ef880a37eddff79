// SPDX-License-Identifier: GPL-3.0-or-later

#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo take a variable argument, which Swift cannot call: one function for each type.

static inline CURLcode curl_set_number(CURL *handle, CURLoption option, long value) {
    return (curl_easy_setopt)(handle, option, value);
}

// libcurl copies strings, except that of CURLOPT_POSTFIELDS; CURLOPT_COPYPOSTFIELDS is copied.
static inline CURLcode curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return (curl_easy_setopt)(handle, option, value);
}

// The caller keeps the memory until the handle is gone.
static inline CURLcode curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return (curl_easy_setopt)(handle, option, value);
}

// Reads no more than that of an answer; then the transfer ends with CURLE_WRITE_ERROR.
#define CURL_MOST_ANSWER (64 * 1024)

static inline size_t curl_discard(char *bytes, size_t size, size_t count, void *context) {
    size_t *total = context;
    (void)bytes;
    *total += size * count;
    return *total <= CURL_MOST_ANSWER ? size * count : 0;
}

// Without this, libcurl writes the answer to standard output. The caller keeps the total until the handle is gone.
static inline CURLcode curl_discard_answer(CURL *handle, size_t *total) {
    CURLcode result = (curl_easy_setopt)(handle, CURLOPT_WRITEDATA, total);
    return result != CURLE_OK ? result : (curl_easy_setopt)(handle, CURLOPT_WRITEFUNCTION, curl_discard);
}

static inline long curl_status(CURL *handle) {
    long status = 0;
    (curl_easy_getinfo)(handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

// The seconds of a Retry-After header; 0 without one.
static inline curl_off_t curl_retry_after(CURL *handle) {
    curl_off_t seconds = 0;
    (curl_easy_getinfo)(handle, CURLINFO_RETRY_AFTER, &seconds);
    return seconds;
}

// The next transfer that is over, and its result; NULL if there is none.
static inline CURL *curl_next_finished(CURLM *multi, CURLcode *result) {
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));)
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return message->easy_handle;
        }
    return NULL;
}

// Called with what has arrived: a line of the header, or a piece of the body. Returns how much it took.
typedef size_t (*curl_bytes_receiver)(char *bytes, size_t size, size_t count, void *context);

// The caller keeps the context until the handle is gone.
static inline CURLcode curl_set_receivers(
    CURL *handle, curl_bytes_receiver header, curl_bytes_receiver body, void *context) {
    CURLcode results[] = {
        (curl_easy_setopt)(handle, CURLOPT_HEADERDATA, context),
        (curl_easy_setopt)(handle, CURLOPT_HEADERFUNCTION, header),
        (curl_easy_setopt)(handle, CURLOPT_WRITEDATA, context),
        (curl_easy_setopt)(handle, CURLOPT_WRITEFUNCTION, body),
    };
    for (int i = 0; i < 4; i++)
        if (results[i] != CURLE_OK) return results[i];
    return CURLE_OK;
}

// The number of the system's error behind a failed connection; 0 without one.
static inline long curl_system_error(CURL *handle) {
    long number = 0;
    (curl_easy_getinfo)(handle, CURLINFO_OS_ERRNO, &number);
    return number;
}

// Macros that the importer leaves out.
static const long curl_basic_or_digest = (long)(CURLAUTH_BASIC | CURLAUTH_DIGEST);
