"""What is said of a package as a whole, and of its tables: code -> language -> (what is wrong, what to do)."""

from __future__ import annotations

from types import MappingProxyType


def message(zh: str, zh_do: str, en: str, en_do: str, ko: str, ko_do: str) -> MappingProxyType[str, tuple[str, str]]:
    """One code: what is wrong and what to do, in each language."""
    return MappingProxyType({"zh-Hant": (zh, zh_do), "en": (en, en_do), "ko": (ko, ko_do)})


PACKAGE: MappingProxyType[str, MappingProxyType[str, tuple[str, str]]] = MappingProxyType(
    {
        "not_found": message(
            "找不到檔案",
            "請確認路徑",
            "No such file or folder",
            "Check the path",
            "파일을 찾을 수 없음",
            "경로를 확인하십시오",
        ),
        "source_needed": message(
            "套件未說明資料屬於誰",
            "請以 --source 名稱 指明來源，同一來源每次使用同一名稱",
            "The package does not say whose data it is",
            "Give --source NAME, the same name each time for the same source",
            "누구의 데이터인지 알 수 없음",
            "--source 이름 으로 출처를 지정하고, 같은 출처에는 늘 같은 이름을 쓰십시오",
        ),
        "source_reserved": message(
            "hub 這個名稱保留給在此手動填寫的資料",
            "請以 --source 使用其他名稱",
            "The name hub is kept for what people write here",
            "Give another name with --source",
            "hub는 이곳에서 직접 입력한 데이터를 위한 이름임",
            "--source 로 다른 이름을 쓰십시오",
        ),
        "source_form": message(
            "來源名稱過長，或含有控制字元",
            "請以 --source 指定 200 字以內的一般名稱",
            "The name of the source is too long or holds control characters",
            "Give a plain name of at most 200 characters with --source",
            "출처 이름이 너무 길거나 제어 문자가 있음",
            "--source 로 200자 이내의 일반 이름을 지정하십시오",
        ),
        "database_refuses": message(
            "此檔中有資料庫無法儲存的值",
            "請檢查此檔是否有過長或異常的內容，分批送出以找出該列",
            "A value of this file is none the database can hold",
            "Look for cells that are very long or odd; send the file in parts to find the row",
            "이 파일에 데이터베이스가 저장할 수 없는 값이 있음",
            "너무 길거나 이상한 값이 있는지 확인하고, 나누어 보내 해당 행을 찾으십시오",
        ),
        "not_a_zip": message(
            "不是有效的 ZIP 檔",
            "請重新壓縮後再送出",
            "Not a readable zip",
            "Pack it again and send it again",
            "올바른 ZIP 파일이 아님",
            "다시 압축하여 보내십시오",
        ),
        "damaged": message(
            "檔案已損壞",
            "請重新壓縮後再送出",
            "The file is damaged",
            "Pack it again and send it again",
            "파일이 손상됨",
            "다시 압축하여 보내십시오",
        ),
        "encrypted": message(
            "檔案已加密",
            "請移除密碼",
            "The file is encrypted",
            "Remove the password",
            "암호화된 파일",
            "암호를 제거하십시오",
        ),
        "link": message(
            "含有連結",
            "請放入真正的檔案",
            "It holds a link",
            "Put the file itself in the package",
            "링크가 포함됨",
            "실제 파일을 넣으십시오",
        ),
        "path": message(
            "檔案路徑超出資料包",
            "請使用相對路徑",
            "A path leads out of the package",
            "Use plain relative paths",
            "경로가 패키지를 벗어남",
            "상대 경로를 사용하십시오",
        ),
        "twice": message(
            "檔案重複",
            "請移除重複檔案",
            "A file is there twice",
            "Remove one of them",
            "파일이 중복됨",
            "하나를 제거하십시오",
        ),
        "too_big": message(
            "檔案過大", "請分批送出", "Too big", "Send it in parts", "파일이 너무 큼", "나누어 보내십시오"
        ),
        "too_many_entries": message(
            "檔案過多", "只保留資料表", "Too many files", "Keep only the tables", "파일이 너무 많음", "표만 남기십시오"
        ),
        "bomb": message(
            "壓縮比例異常",
            "請送出未壓縮的資料夾",
            "It unpacks to far too much",
            "Send an ordinary zip or a folder",
            "압축률이 비정상적임",
            "일반 ZIP이나 폴더로 보내십시오",
        ),
        "nested_zip": message(
            "壓縮檔內還有壓縮檔",
            "請解開內層後重新壓縮",
            "There is a zip inside the zip",
            "Unpack the inner one and pack its files",
            "ZIP 안에 또 ZIP이 있음",
            "안쪽 ZIP을 풀어 다시 압축하십시오",
        ),
        "busy": message(
            "另一個匯入正在進行",
            "請待其完成後再試",
            "Another import is under way",
            "Wait until it has ended, then try again",
            "다른 가져오기가 진행 중임",
            "끝난 뒤 다시 시도하십시오",
        ),
        "bad_descriptor": message(
            "datapackage.json 無法讀取",
            "請修正 JSON",
            "datapackage.json cannot be read",
            "Correct the JSON",
            "datapackage.json을 읽을 수 없음",
            "JSON을 수정하십시오",
        ),
        "no_tables": message(
            "沒有可辨識的資料表",
            "請使用 HSDS 檔名",
            "No HSDS table in it",
            "Name the files as HSDS does",
            "HSDS 표가 없음",
            "HSDS 파일 이름을 사용하십시오",
        ),
        "encoding": message(
            "文字編碼無法辨識",
            "請以 UTF-8 儲存",
            "The text encoding is unknown",
            "Save it as UTF-8",
            "문자 인코딩을 알 수 없음",
            "UTF-8로 저장하십시오",
        ),
        "no_services": message(
            "沒有服務的資料表",
            "請加入名為 services.csv 的檔案；其他資料表都從屬於服務",
            "It has tables, but none of services",
            "Add the file services.csv; the other tables belong to it",
            "표는 있으나 서비스 표가 없음",
            "services.csv 파일을 추가하십시오. 다른 표는 서비스에 속합니다",
        ),
        "open_quote": message(
            "此列的引號沒有結束，或儲存格過長",
            "請在此列補上或移除引號後再送出",
            "A quotation mark that this row opens is never closed, or a cell is far too long",
            "Close or remove the quotation mark in this row and send it again",
            "이 행에서 시작한 따옴표가 닫히지 않았거나 셀이 너무 김",
            "이 행의 따옴표를 닫거나 제거하여 다시 보내십시오",
        ),
        "bad_csv": message(
            "CSV 格式錯誤",
            "請檢查引號",
            "The CSV is broken here",
            "Check the quotation marks",
            "CSV 형식 오류",
            "따옴표를 확인하십시오",
        ),
        "empty_file": message(
            "檔案沒有標題列",
            "請加入標題列",
            "The file has no header",
            "Add the header row",
            "머리글이 없음",
            "머리글 행을 추가하십시오",
        ),
        "missing_column": message(
            "缺少必要欄位",
            "請加入此欄位",
            "A required column is missing",
            "Add the column",
            "필수 열이 없음",
            "열을 추가하십시오",
        ),
        "column_twice": message(
            "欄位名稱重複",
            "請移除重複欄位",
            "A column is there twice",
            "Remove one of them",
            "열이 중복됨",
            "하나를 제거하십시오",
        ),
        "too_many_columns": message(
            "欄位過多",
            "請確認標題列",
            "Too many columns",
            "Check the header row",
            "열이 너무 많음",
            "머리글을 확인하십시오",
        ),
    }
)
